import Foundation
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

/// A server that speaks TLS as a storage does, before one that speaks plain HTTP: pgBackRest takes S3 over TLS only, and
/// takes an end without a farewell, as moto's own has it, for an attack.
private let front = """
    import asyncio, ssl, sys
    async def pipe(reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except (ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()
    async def serve(reader, writer):
        ahead, behind = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
        await asyncio.gather(pipe(reader, behind), pipe(ahead, writer))
    async def main():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[3], sys.argv[4])
        server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), ssl=context)
        await server.serve_forever()
    asyncio.run(main())
    """

@Suite("a physical repository on another machine", .temporaryDirectory, .timeLimit(.minutes(5)))
struct RemotePhysicalTests {
    /// Lines of a pgbackrest.conf, and what has to live as long as they are used.
    private func objects() async throws -> (lines: String, servers: [StorageServer]) {
        let moto = try await ObjectServer.start()
        let directory = TemporaryDirectory.current
        let (certificate, key) = ("\(directory)/front.pem", "\(directory)/front.key")
        let programs = Programs(environment: ["PATH": "/usr/bin:/bin:/usr/local/bin"])
        _ = try await programs.run(
            ChildProgram(
                "openssl",
                [
                    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2",
                    "-subj", "/CN=127.0.0.1",
                ])
        ).checked()
        try front.write(toFile: "\(directory)/front.py", atomically: true, encoding: .utf8)
        let port = UInt16(try freePort())
        let server = try StorageServer(
            try programs.find("python3"),
            ["\(directory)/front.py", String(port), String(moto.port), certificate, key],
            log: "\(directory)/front.log")
        try await eventually("the front listens") { StorageServer.answers(port) }
        let lines = """
            repo1-type=s3
            repo1-path=/shop
            repo1-s3-bucket=bucket
            repo1-s3-endpoint=127.0.0.1
            repo1-storage-host=127.0.0.1
            repo1-storage-port=\(port)
            repo1-storage-verify-tls=n
            repo1-s3-uri-style=path
            repo1-s3-region=eu
            repo1-s3-key=key
            repo1-s3-key-secret=secret
            """
        return (lines, [moto.server, server])
    }

    @Test("a cluster is backed up into a bucket, and one that is served by the same host is lost with it")
    func sameHost() async throws {
        let (lines, servers) = try await objects()
        try await PhysicalEstate.with(more: lines) { estate in
            try await estate.sql("create table orders as select generate_series(1, 2000) as id")
            let program = Program()
            try program.configure(
                """
                environments:
                  test:
                    resources:
                      main:
                        kind: postgresql
                        connection: "host=\(estate.cluster.socketDirectory) user=postgres dbname=postgres"
                        backups:
                          physical: { stanza: shop, configuration: \(estate.configuration) }
                          assertions: {all: {holds: "select count(*) = 2000 from orders"}}
                backups:
                  work: \(estate.work)
                """)
            let taken = try await program.run("backup", "run", "--type", "full")
            #expect(taken.exitCode == 0, "\(taken.errors)\(taken.output)")
            try await estate.archive()
            let drilled = try await program.run("dr", "test", "--scenario=complete-failure")
            // It answers from a port of this machine, and so it is gone with it.
            #expect(drilled.exitCode == 1, "\(drilled.errors)\(drilled.output)")
            #expect(drilled.output.contains("nothing would be left"), "\(drilled.output)")
        }
        withExtendedLifetime(servers) {}
    }
}
