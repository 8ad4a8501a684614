#define _GNU_SOURCE
#include "dns.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The value of one record as people write it; 0 for one that makes no sense.
static int write_value(ns_msg *message, ns_rr *record, struct mainstay_dns_record *out) {
    const unsigned char *data = ns_rr_rdata(*record);
    size_t length = ns_rr_rdlen(*record);
    char name[NS_MAXDNAME];
    switch (ns_rr_type(*record)) {
    case ns_t_a:
        return length == 4 && inet_ntop(AF_INET, data, out->value, sizeof out->value) != NULL;
    case ns_t_aaaa:
        return length == 16 && inet_ntop(AF_INET6, data, out->value, sizeof out->value) != NULL;
    case ns_t_cname:
    case ns_t_ns:
    case ns_t_ptr:
        if (ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message), data, name, sizeof name) < 0) return 0;
        snprintf(out->value, sizeof out->value, "%s", name);
        return 1;
    case ns_t_mx:
        if (length < 3) return 0;
        if (ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message), data + 2, name, sizeof name) < 0) return 0;
        snprintf(out->value, sizeof out->value, "%u %s", ns_get16(data), name);
        return 1;
    case ns_t_txt: {
        // Pieces of up to 255 bytes, which belong together.
        size_t used = 0;
        for (size_t at = 0; at < length;) {
            size_t piece = data[at++];
            if (at + piece > length) return 0;
            size_t room = sizeof out->value - 1 - used;
            size_t taken = piece < room ? piece : room;
            memcpy(out->value + used, data + at, taken);
            used += taken;
            at += piece;
        }
        out->value[used] = 0;
        return 1;
    }
    default:
        return 0;
    }
}

int mainstay_dns_query(
    const char *name, int type, const char *server, int port, int seconds, struct mainstay_dns_record *records,
    int limit, int *count, int *rcode) {
    struct __res_state state;
    memset(&state, 0, sizeof state);
    if (res_ninit(&state) != 0) return EIO;
    state.retrans = seconds < 1 ? 1 : seconds;
    state.retry = 1;
    // Without this glibc takes SERVFAIL and REFUSED for no answer at all, instead of showing them.
    state.pfcode = 1;
    if (server != NULL) {
        struct sockaddr_in *address = &state.nsaddr_list[0];
        memset(address, 0, sizeof *address);
        address->sin_family = AF_INET;
        address->sin_port = htons((unsigned short)port);
        if (inet_pton(AF_INET, server, &address->sin_addr) != 1) {
            res_nclose(&state);
            return EINVAL;
        }
        state.nscount = 1;
    }
    unsigned char question[NS_PACKETSZ];
    int length = res_nmkquery(&state, ns_o_query, name, ns_c_in, type, NULL, 0, NULL, question, sizeof question);
    if (length < 0) {
        res_nclose(&state);
        return EINVAL;
    }
    unsigned char *answer = malloc(NS_MAXMSG);
    if (answer == NULL) {
        res_nclose(&state);
        return ENOMEM;
    }
    errno = 0;
    int received = res_nsend(&state, question, length, answer, NS_MAXMSG);
    int problem = errno;
    res_nclose(&state);
    if (received < NS_HFIXEDSZ) {
        free(answer);
        return problem == 0 ? ETIMEDOUT : problem;
    }
    ns_msg message;
    if (ns_initparse(answer, received, &message) < 0) {
        free(answer);
        return EBADMSG;
    }
    *rcode = ns_msg_getflag(message, ns_f_rcode);
    *count = 0;
    int sections = ns_msg_count(message, ns_s_an);
    for (int index = 0; index < sections && *count < limit; index++) {
        ns_rr record;
        if (ns_parserr(&message, ns_s_an, index, &record) < 0) {
            free(answer);
            return EBADMSG;
        }
        // A chain of aliases stands before what was asked for.
        if (ns_rr_type(record) != type) continue;
        struct mainstay_dns_record *out = &records[*count];
        out->ttl = ns_rr_ttl(record);
        if (!write_value(&message, &record, out)) {
            free(answer);
            return EBADMSG;
        }
        (*count)++;
    }
    free(answer);
    return 0;
}
