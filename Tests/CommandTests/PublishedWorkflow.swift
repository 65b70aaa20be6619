import ByteKit
import JSON
import TestKit
import Testing

/// Functions of a file that were published into an emulator, run as AWS would run them.
struct PublishedWorkflow: ~Copyable {
    let emulator: AWSEmulator
    private let folder: TestFolder
    private let cache: String

    /// - Parameter cache: where builds keep what they pulled and compiled.
    init(_ emulator: AWSEmulator, cache: String? = nil) throws {
        try emulator.reset()
        let folder = try TestFolder()
        self.emulator = emulator
        self.folder = folder
        self.cache = cache ?? self.folder.path + "/cache"
    }

    var path: String { folder.path }

    /// - Returns: the file's path.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        try OutputFile.write(Array(text.utf8), to: "\(path)/\(name)", permissions: 0o755)
        return "\(path)/\(name)"
    }

    /// Runs a command as a person with the emulator's account would.
    func run(_ arguments: String...) throws -> Peer.Result {
        // ECR is where the emulator says when it is asked as a proxy.
        let variables =
            emulator.variables.map { ($0.key, $0.value) } + [
                ("SCAR_BUILD_CACHE", cache), ("HOME", path), ("ALL_PROXY", emulator.origin),
                ("SCAR_BUILD_INSECURE_REGISTRIES", RegistryProcess.Login.ecrHost),
            ]
        return try Tool.run(arguments, variables: variables)
    }

    /// What happened after a file was stored, a value for each call and job.
    func store(_ file: String, in bucket: String, as key: String) throws -> [JSON] {
        guard let runtime = RuntimeEmulator.path else { throw BackgroundProgram.Unavailable(RuntimeEmulator.absence) }
        let result = try Peer.run(
            "python3",
            ["\(Products.repository)/Tests/Oracles/run-published.py", path + "/tasks", runtime, bucket, key, file],
            variables: emulator.variables.map { ($0.key, $0.value) })
        guard result.status == 0 else { throw BackgroundProgram.Unavailable(result.text + result.errorText) }
        return try result.output.split(separator: UInt8(ascii: "\n")).map { try JSON.parse(Array($0)) }
    }

    /// The keys of a bucket, in byte order.
    func keys(_ bucket: String) throws -> [String] {
        let list = try emulator.aws("s3api", "list-objects-v2", "--bucket", bucket)
        return (list["Contents"]?.array ?? []).compactMap { $0["Key"]?.string }.sorted()
    }

    // MARK: - Rights

    /// An action on a resource, as policies have them.
    struct Right: Hashable, CustomStringConvertible {
        var action: String
        var resource: String
        var description: String { "\(action) on \(resource)" }

        /// Whether this right, which may end in `*`, allows another.
        func allows(_ other: Right) -> Bool {
            guard action == other.action else { return false }
            guard resource.hasSuffix("*") else { return resource == other.resource }
            return other.resource.hasPrefix(resource.dropLast())
        }
    }

    /// What a function's role may do, by the policy that was made for it.
    func granted(to function: String) throws -> Set<Right> {
        let policy = try emulator.aws(
            "iam", "get-role-policy", "--role-name", Self.role(function), "--policy-name", "scar-build")
        var rights: Set<Right> = []
        for statement in policy["PolicyDocument"]?["Statement"]?.array ?? [] {
            for action in statement["Action"]?.array ?? [] {
                for resource in statement["Resource"]?.array ?? [] {
                    rights.insert(Right(action: action.string ?? "", resource: resource.string ?? ""))
                }
            }
        }
        return rights
    }

    /// What a function's role has done, by the requests that were seen.
    func used(by function: String) throws -> Set<Right> {
        let caller = "ASIA." + Self.role(function)
        return Set(try emulator.requests().filter { $0.caller == caller }.map(Self.right))
    }

    private static func role(_ function: String) -> String { "scar-build-eu-west-1-\(function)" }

    /// Service Authorization Reference: what a request needs.
    private static func right(_ request: AWSEmulator.Request) -> Right {
        let actions = [
            "HeadObject": "s3:GetObject", "CreateMultipartUpload": "s3:PutObject", "UploadPart": "s3:PutObject",
            "CompleteMultipartUpload": "s3:PutObject",
        ]
        let action = actions[request.operation] ?? "\(request.service):\(request.operation)"
        let path = String(request.target.prefix { $0 != "?" }.drop { $0 == "/" })
        return Right(action: action, resource: request.service == "s3" ? "arn:aws:s3:::\(path)" : path)
    }

    // MARK: - Checks

    /// What was published from a file goes by the file, and twice is an error; files that are in buckets stay.
    func checkRemoval(by file: String, kept bucket: String) throws {
        let removed = try run("rm", "-f", file)
        #expect(removed.status == 0, "\(removed.errorText)")
        #expect(removed.errorText.contains("kept  the bucket \(bucket), which holds files"))
        #expect(try emulator.aws("lambda", "list-functions")["Functions"]?.array?.isEmpty == true)
        let roles = try emulator.aws("iam", "list-roles")["Roles"]?.array ?? []
        // What AWS made for Batch stays for good.
        #expect(roles.allSatisfy { $0["Path"]?.string?.hasPrefix("/aws-service-role/") == true })
        let again = try run("rm", "-f", file)
        #expect(again.status == 1)
        #expect(again.errorText.contains("error[not-found]"))
        #expect(try emulator.problems() == [])
    }

    /// The policy is what the run used: no less, and no more but for what only trouble and Lambda itself need.
    func checkRights(of function: String) throws {
        let (granted, used) = (try granted(to: function), try used(by: function))
        #expect(!used.isEmpty)
        for right in used { #expect(granted.contains { $0.allows(right) }, "\(function) did \(right)") }
        let unused = granted.filter { right in !used.contains { right.allows($0) } }
        let excused = unused.filter { $0.action.hasPrefix("logs:") || $0.action == "s3:AbortMultipartUpload" }
        #expect(unused.subtracting(excused).isEmpty, "\(function) never did \(unused.subtracting(excused))")
    }
}
