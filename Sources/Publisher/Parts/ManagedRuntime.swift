internal import AWS
internal import ByteKit

/// What there is of a customer-managed runtime, and what it and its parts are called.
///
/// A runtime's tags cannot be asked for where functions' are: its description says that it was made here. Who uses it is
/// known by its aliases: each function has its own there, one for each image that a version of it runs in.
struct ManagedRuntime {
    let names: NameSeries
    /// The one that is used; nil when there is none yet.
    private(set) var current: RuntimesAPI.Runtime?
    private(set) var versions: [RuntimesAPI.Version] = []
    private(set) var aliases: [RuntimesAPI.Alias] = []
    private let taken: [String]

    /// Looks for a runtime.
    ///
    /// - Parameter name: what it is called in a recipe, or follows from the function's name.
    init(_ name: String, _ session: Session) throws {
        names = NameSeries(name)
        // Accounts can share runtimes: another's has nothing to do with this one, whatever it is called.
        let found = try session.runtimes.runtimes().filter { [names] in
            names.contains($0.name) && $0.arn == session.runtimeARN($0.name)
        }
        taken = found.map(\.name)
        current = found.filter { $0.state.isAlive }.min { $0.name.utf8.count < $1.name.utf8.count }
        guard let current else { return }
        guard current.description == Self.description(name) else {
            throw PublishError(
                .notOurs, "there is a runtime \(current.name) that was not made here",
                hint: "give the recipe another ‘function.runtime’, or remove the runtime")
        }
        versions = try session.runtimes.versions(of: current.name)
        aliases = try session.runtimes.aliases(of: current.name)
    }

    /// What it is called in the account, or will be.
    var name: String { current?.name ?? names.first(notIn: taken) }

    /// What says of a runtime that it was made here.
    static func description(_ name: String) -> String { "scar-build: \(Session.runtimeRepositoryName(name))" }

    // MARK: - Versions

    static func versionNames(_ image: Digest) -> NameSeries { NameSeries("sha256-\(image.hex)") }

    /// The version of an image: its name follows from the manifest, so that the same image is the same version.
    func version(of digest: Digest) -> (name: String, state: RuntimesAPI.State?) {
        let names = Self.versionNames(digest)
        let found = versions.filter { names.contains($0.name) }
        if let there = found.first(where: { $0.state.isAlive }) { return (there.name, there.state) }
        return (names.first(notIn: found.map(\.name)), nil)
    }

    /// The digest of the image that a version was made from, as repositories write it.
    static func image(ofVersion name: String) -> String {
        "sha256:" + name.dropFirst("sha256-".utf8.count).prefix { $0 != "." }
    }

    // MARK: - Aliases

    /// The names of a function's alias for an image. The image is part of it and the alias never moves: what a version of the
    /// function says is what it runs in for good, so that callers who get an older version get its image too.
    static func aliasNames(_ function: String, _ image: Digest) -> NameSeries {
        NameSeries(aliasName(function, String(image.hex.prefix(16))))
    }

    /// An alias begins with a letter, a digit or an underline; a function may with a hyphen. No function's name has a dot.
    static func aliasName(_ function: String, _ ending: String) -> String {
        (function.hasPrefix("-") ? "_." : "") + "\(function).\(ending)"
    }

    /// The function that an alias is for.
    static func function(ofAlias name: String) -> String {
        String(name.dropFirst(name.hasPrefix("_.-") ? 2 : 0).prefix { $0 != "." })
    }

    /// The alias of a function for an image: what there is, or what it will be called.
    func alias(of function: String, for image: Digest) -> (name: String, there: RuntimesAPI.Alias?) {
        let names = Self.aliasNames(function, image)
        let found = aliases.filter { names.contains($0.name) }
        if let there = found.first(where: { $0.state.isAlive }) { return (there.name, there) }
        return (names.first(notIn: found.map(\.name)), nil)
    }

    /// The aliases of a function.
    func aliases(of function: String) -> [RuntimesAPI.Alias] {
        aliases.filter { $0.state.isAlive && Self.function(ofAlias: $0.name) == function }
    }

    /// The aliases of other functions.
    func others(than function: String) -> [RuntimesAPI.Alias] {
        aliases.filter { $0.state.isAlive && Self.function(ofAlias: $0.name) != function }
    }
}
