package import JSON

/// What a Lambda function is set to: the same for what is wanted and for what is there, so that the two compare.
/// Lambda API reference, "CreateFunction".
package struct FunctionSettings: Sendable, Equatable {
    package struct FileSystem: Sendable, Equatable {
        package var arn: String
        package var path: String

        package init(arn: String, path: String) {
            self.arn = arn
            self.path = path
        }
    }

    /// A customer-managed runtime, and which of its versions.
    package struct ManagedRuntime: Sendable, Equatable {
        package var arn: String
        package var alias: String

        package init(arn: String, alias: String) {
            self.arn = arn
            self.alias = alias
        }
    }

    package var description = ""
    package var role = ""
    /// Empty for functions that are made from an image.
    package var runtime = "provided.al2023"
    /// Empty for functions that are made from an image.
    package var handler = "bootstrap"
    /// Where `runtime` is `custom`.
    package var managedRuntime: ManagedRuntime?
    /// MB.
    package var memory = 128
    /// Seconds.
    package var timeout = 3
    /// MB.
    package var ephemeralStorage = 512
    /// ARNs of layer versions, in order.
    package var layers: [String] = []
    package var environment: [String: String] = [:]
    /// In byte order.
    package var subnets: [String] = []
    /// In byte order.
    package var securityGroups: [String] = []
    package var fileSystems: [FileSystem] = []
    /// The ARN of a queue or topic.
    package var deadLetter: String?

    package init() {}

    /// Reads a `FunctionConfiguration`.
    init(_ json: JSON) {
        description = json["Description"]?.string ?? ""
        role = json["Role"]?.string ?? ""
        runtime = json["Runtime"]?.string ?? ""
        handler = json["Handler"]?.string ?? ""
        if let managed = json["RuntimeConfig"], let arn = managed["RuntimeArn"]?.string {
            managedRuntime = ManagedRuntime(arn: arn, alias: managed["RuntimeAlias"]?.string ?? "")
        }
        memory = json["MemorySize"]?.integer ?? 128
        timeout = json["Timeout"]?.integer ?? 3
        ephemeralStorage = json["EphemeralStorage"]?["Size"]?.integer ?? 512
        layers = (json["Layers"]?.array ?? []).compactMap { $0["Arn"]?.string }
        for member in json["Environment"]?["Variables"]?.members ?? [] {
            environment[String(decoding: member.name, as: UTF8.self)] = member.json.string ?? ""
        }
        subnets = (json["VpcConfig"]?["SubnetIds"]?.array ?? []).compactMap(\.string).sorted()
        securityGroups = (json["VpcConfig"]?["SecurityGroupIds"]?.array ?? []).compactMap(\.string).sorted()
        fileSystems = (json["FileSystemConfigs"]?.array ?? []).map {
            FileSystem(arn: $0["Arn"]?.string ?? "", path: $0["LocalMountPath"]?.string ?? "")
        }
        deadLetter = json["DeadLetterConfig"]?["TargetArn"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// As `CreateFunction` and `UpdateFunctionConfiguration` take it. What is empty is said too: left out, an update
    /// would keep what was there. Only of an image are there neither runtime, handler nor layers to speak of.
    var members: [(name: StaticString, json: JSON)] {
        let ofZip: [(name: StaticString, json: JSON)] = [
            ("Runtime", .string(runtime)), ("Handler", .string(handler)),
            ("Layers", .array(layers.map { .string($0) })),
        ]
        var ofRuntime: [(name: StaticString, json: JSON)] = []
        if let managedRuntime {
            let names = JSON.object([
                ("RuntimeArn", .string(managedRuntime.arn)), ("RuntimeAlias", .string(managedRuntime.alias)),
            ])
            ofRuntime = [("RuntimeConfig", names)]
        }
        return (runtime.isEmpty ? [] : ofZip) + ofRuntime + [
            ("Description", .string(description)), ("Role", .string(role)), ("MemorySize", .integer(memory)),
            ("Timeout", .integer(timeout)), ("EphemeralStorage", .object([("Size", .integer(ephemeralStorage))])),
            ("Environment", .object([("Variables", .record(environment))])),
            (
                "VpcConfig",
                .object([
                    ("SubnetIds", .array(subnets.map { .string($0) })),
                    ("SecurityGroupIds", .array(securityGroups.map { .string($0) })),
                ])
            ),
            (
                "FileSystemConfigs",
                .array(
                    fileSystems.map { .object([("Arn", .string($0.arn)), ("LocalMountPath", .string($0.path))]) })
            ),
            ("DeadLetterConfig", .object([("TargetArn", .string(deadLetter ?? ""))])),
        ]
    }
}

extension JSON {
    /// An object of texts, its names in byte order.
    package static func record(_ texts: [String: String]) -> JSON {
        .object(named: texts.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
    }

    /// The members of an object whose values are texts.
    package var texts: [String: String] {
        var texts: [String: String] = [:]
        for member in members ?? [] {
            if let text = member.json.string { texts[String(decoding: member.name, as: UTF8.self)] = text }
        }
        return texts
    }
}
