internal import JSON
internal import Transport

/// Customer-managed runtimes of Lambda, their versions and aliases. Lambda Core API reference, 2026-10-01.
///
/// Nothing is gone at once: what is deleted is `PENDING_DELETION` for days, keeps its name, and stands in lists.
package struct RuntimesAPI: Sendable {
    package let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    /// How far a runtime, a version or an alias is.
    package enum State: String, Sendable {
        case creating = "CREATING"
        case active = "ACTIVE"
        case updating = "UPDATING"
        case failed = "FAILED"
        case pendingDeletion = "PENDING_DELETION"
        case deleting = "DELETING"

        /// What says nothing is there: runtimes need not say.
        init(_ json: JSON?) { self = json?.string.flatMap { State(rawValue: $0) } ?? .active }

        /// Whether it is used or will be.
        package var isAlive: Bool { self == .creating || self == .active || self == .updating }
        /// Whether it has been deleted.
        package var isLeaving: Bool { self == .pendingDeletion || self == .deleting }
    }

    package struct Runtime: Sendable, Equatable {
        package var name: String
        package var arn: String
        package var description: String
        package var state: State

        init(_ json: JSON) {
            name = json["Name"]?.string ?? ""
            arn = json["Arn"]?.string ?? ""
            description = json["Description"]?.string ?? ""
            state = State(json["State"])
        }
    }

    /// An image that a runtime has been, is or can be.
    package struct Version: Sendable, Equatable {
        package var name: String
        package var state: State

        init(_ json: JSON) {
            name = json["Name"]?.string ?? ""
            state = State(json["State"])
        }
    }

    /// What functions say instead of a version.
    package struct Alias: Sendable, Equatable {
        package var name: String
        package var version: String
        package var state: State

        init(_ json: JSON) {
            name = json["Name"]?.string ?? ""
            version = json["RuntimeVersion"]?.string ?? ""
            state = State(json["State"])
        }
    }

    // MARK: - Runtimes

    package func runtimes() throws(AWSError) -> [Runtime] { try pages("ListRuntimes", "").map { Runtime($0) } }

    /// Nil when there is none of this name.
    package func runtime(_ name: String) throws(AWSError) -> Runtime? {
        try optional("GetRuntime", path(name)).map { Runtime($0) }
    }

    package func create(_ name: String, description: String, tags: [String: String]) throws(AWSError) {
        try change(
            "CreateRuntime", .post, "",
            [("Name", .string(name)), ("Description", .string(description)), ("Tags", .record(tags))])
    }

    /// Its versions and aliases must have been deleted.
    package func delete(_ name: String) throws(AWSError) { try delete("DeleteRuntime", path(name)) }

    // MARK: - Versions

    package func versions(of runtime: String) throws(AWSError) -> [Version] {
        try pages("ListRuntimeVersions", path(runtime, "/versions")).map { Version($0) }
    }

    /// Nil when there is none of this name.
    package func version(_ name: String, of runtime: String) throws(AWSError) -> Version? {
        try optional("GetRuntimeVersion", path(runtime, "/versions/\(URL.encode(name))")).map { Version($0) }
    }

    /// - Parameters:
    ///   - image: its reference, in a repository of ECR.
    ///   - isDryRun: whether Lambda only says whether it would do it.
    package func createVersion(
        _ name: String, of runtime: String, image: String, isDryRun: Bool = false
    ) throws(AWSError) {
        try change(
            "CreateRuntimeVersion", .post, path(runtime, "/versions"),
            [("Name", .string(name)), ("ImageUri", .string(image))] + (isDryRun ? [("DryRun", .bool(true))] : []))
    }

    /// No alias may stand for it.
    package func deleteVersion(_ name: String, of runtime: String) throws(AWSError) {
        try delete("DeleteRuntimeVersion", path(runtime, "/versions/\(URL.encode(name))"))
    }

    // MARK: - Aliases

    package func aliases(of runtime: String) throws(AWSError) -> [Alias] {
        try pages("ListRuntimeAliases", path(runtime, "/aliases")).map { Alias($0) }
    }

    /// Nil when there is none of this name.
    package func alias(_ name: String, of runtime: String) throws(AWSError) -> Alias? {
        try optional("GetRuntimeAlias", path(runtime, "/aliases/\(URL.encode(name))")).map { Alias($0) }
    }

    package func createAlias(_ name: String, of runtime: String, version: String) throws(AWSError) {
        try change(
            "CreateRuntimeAlias", .post, path(runtime, "/aliases"),
            [("Name", .string(name)), ("RuntimeVersion", .string(version))])
    }

    package func updateAlias(_ name: String, of runtime: String, version: String) throws(AWSError) {
        try change(
            "UpdateRuntimeAlias", .put, path(runtime, "/aliases/\(URL.encode(name))"),
            [("RuntimeVersion", .string(version))])
    }

    package func deleteAlias(_ name: String, of runtime: String) throws(AWSError) {
        try delete("DeleteRuntimeAlias", path(runtime, "/aliases/\(URL.encode(name))"))
    }

    // MARK: - Requests

    /// The days for which Lambda keeps what is deleted: the fewest that it takes.
    package static let recoveryDays = 7

    private static let root = "/2026-10-01/runtimes"

    private func path(_ runtime: String, _ rest: String = "") -> String { "/\(URL.encode(runtime))\(rest)" }

    private func change(
        _ operation: String, _ method: HTTPMethod, _ path: String, _ members: [(name: StaticString, json: JSON)]
    ) throws(AWSError) {
        _ = try client.json(
            AWSRequest(.lambdaCore, operation, method, Self.root + path, json: .object(members)))
    }

    private func delete(_ operation: String, _ path: String) throws(AWSError) {
        let request = AWSRequest(
            .lambdaCore, operation, .delete, Self.root + path,
            headers: ["x-amzn-runtime-recovery-window-in-days": "\(Self.recoveryDays)"])
        do throws(AWSError) { _ = try client.send(request) } catch { guard error.isNotFound else { throw error } }
    }

    private func optional(_ operation: String, _ path: String) throws(AWSError) -> JSON? {
        do throws(AWSError) {
            return try client.json(AWSRequest(.lambdaCore, operation, .get, Self.root + path))
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    private func pages(_ operation: String, _ path: String) throws(AWSError) -> [JSON] {
        var found: [JSON] = []
        var (tokens, token) = (PageTokens(), String?.none)
        repeat {
            let json = try client.json(
                AWSRequest(
                    .lambdaCore, operation, .get, Self.root + path, query: token.map { [("nextToken", $0)] } ?? []))
            found += json["Items"]?.array ?? []
            token = try tokens.next(json["NextToken"]?.string, after: operation)
        } while token != nil
        return found
    }
}
