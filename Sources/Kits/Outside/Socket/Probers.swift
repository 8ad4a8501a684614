/// What asks servers on behalf of checks, together with what is dear to make and can be used again.
package struct Probers: Sendable {
    package let http: HTTPProber
    package let socket: SocketProber

    package init(clock: WallClock = .system) {
        http = HTTPProber(clock: clock)
        socket = SocketProber(clock: clock)
    }
}
