import Supervisor
import TestKit
import Testing

/// Events that another cluster hands over name the storage that their objects are in.
@Suite struct DelegatedStorageTests {
    /// Two servers with an object of the same name, and a function that takes it from either.
    private func copied(_ provider: String?, inputs: [String] = ["minio", "lab"]) throws -> String? {
        let servers = try ["of minio", "of lab"].map { try MemoryStorage(["/in/a.txt": utf8($0)]) }
        var function = try CloudFunction(servers[0].server.origin, variables: ["K": "AKIAOTHER", "S": "other/secret"]) {
            spec, _ in
            spec.storages = zip(["minio", "lab"], servers).map { name, server in
                LaunchSpec.Storage(
                    name: utf8(name), endpoint: utf8(server.server.origin), accessKey: utf8("K"), secretKey: utf8("S"))
            }
            spec.inputs = inputs.map { .init(storage: utf8($0), path: utf8("in")) }
            spec.outputs = [.init(storage: utf8("minio"), path: utf8("out"))]
        }
        let record = EventTests.event(EventTests.record("a.txt", source: provider == nil ? "aws:s3" : "minio:s3"))
        let event = provider.map { #"{"storage_provider":"\#($0)","event":\#(record)}"# } ?? record
        _ = try function.handle(event: event)
        return servers[0]["/out/copy"].map(text)
    }

    @Test(
        "of several inputs the object is the one's whose storage the event names: as a whole, by its own name, or by kind",
        arguments: [
            ("lab", "of lab"), ("minio.lab", "of lab"), ("minio.default", "of minio"), ("minio", "of minio"),
            // None of ours: the first input that takes it.
            ("onedata.far", "of minio"),
        ])
    func inputs(provider: String, content: String) throws {
        #expect(try copied(provider) == content)
    }

    @Test("without inputs it is a storage that the recipe names, or Amazon's")
    func noInputs() throws {
        #expect(try copied("minio.lab", inputs: []) == "of lab")
        // The first server plays Amazon's, too.
        #expect(try copied("onedata.far", inputs: []) == "of minio")
    }

    @Test("an event is never of a storage that takes no such object, whatever it names")
    func takers() throws {
        #expect(try copied("minio.lab", inputs: ["minio"]) == "of minio")
        #expect(try copied(nil) == "of minio")
    }
}
