# Writes the log files of an application over the days before `now` (seconds since 1970), the same for the same `now`.
#
# usage: awk -v dir=DIRECTORY -v now=SECONDS -v days=N -v hits=PER_DAY -v old=DAYS -f logs.awk
#
# Per day, `hits` requests in app.log and access.log, some of them in error.log and audit.log. Old files are rotated
# ones: app.log-STAMP, one a day, of the `old` days before those.

function pick(limit) {
    seed = seed * 48271 % 2147483647
    return seed % limit
}

function hex(    digits, text) {
    digits = "0123456789abcdef"
    text = ""
    for (i = 0; i < 12; i++) text = text substr(digits, 1 + pick(16), 1)
    return text
}

function request(at, app, access, errors, audit,    path, status, took, id, level, address, stamp) {
    id = hex()
    path = paths[1 + pick(path_count)]
    if (path ~ /\/$/) path = path (1 + pick(600))
    took = 3 + pick(90) + (pick(40) == 0 ? 900 + pick(4000) : 0)
    status = pick(60) == 0 ? 404 : (took > 4000 ? 504 : 200)
    level = status == 504 ? "ERROR" : (took > 900 ? "WARN " : "INFO ")
    address = "198.51.100." pick(256)
    stamp = strftime("%Y-%m-%dT%H:%M:%S", at, 1) sprintf(".%03dZ", pick(1000))
    printf "%s %s [web-%d] request=%s method=GET path=%s status=%d duration_ms=%d\n", \
        stamp, level, 1 + pick(3), id, path, status, took > app
    printf "%s - - [%s +0000] \"GET %s HTTP/1.1\" %d %d \"-\" \"%s\"\n", address, \
        strftime("%d/%b/%Y:%H:%M:%S", at, 1), path, status, 200 + pick(9000), agents[1 + pick(agent_count)] > access
    if (status == 504) {
        printf "%s ERROR [web-%d] request=%s TimeoutError: no answer within 4000 ms\n", stamp, 1 + pick(3), id > errors
        printf "    at Pool.acquire (pool.js:118)\n    at handler (events.js:44)\n" > errors
    }
    if (audit != "")
        printf "{\"time\":\"%s\",\"actor\":\"user-%d\",\"action\":\"%s\",\"attendee\":%d,\"id\":\"%s\"}\n", \
            stamp, 1 + pick(40), actions[1 + pick(action_count)], 1 + pick(40000), id > audit
}

BEGIN {
    seed = 20261121
    path_count = split("/ /events/ /events /venues/ /registrations/ /api/v1/events /api/v1/checkout", paths, " ")
    agent_count = split("Mozilla/5.0 (X11) Firefox/132.0|Mozilla/5.0 (iPhone) Safari/18.1|curl/7.88.1", agents, "|")
    action_count = split("attendee.read attendee.export consent.withdraw registration.cancel", actions, " ")

    # What nobody has rotated for `days` days.
    for (day = days; day > 0; day--)
        for (n = 0; n < hits; n++)
            request(int(now - day * 86400 + n * 86400 / hits), dir "/app.log", dir "/access.log", dir "/error.log", \
                dir "/audit.log")

    # What was rotated before.
    for (day = days + old; day > days; day--) {
        end = int((now - (day - 1) * 86400) / 86400) * 86400
        name = dir "/app.log-" strftime("%Y%m%dT000000Z", end, 1)
        for (n = 0; n < 400; n++)
            request(int(end - 86400 + n * 216), name, "/dev/null", "/dev/null", "")
        close(name)
    }
}
