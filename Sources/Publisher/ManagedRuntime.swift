internal import AWS
internal import ByteKit

/// What there is of a customer-managed runtime, and what it and its parts are called.
///
/// A runtime's tags cannot be asked for where functions' are: its description says that it was made here. Who uses it is
/// known by its aliases: each function has its own there.
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

    /// The version of an image: its name follows from the manifest, so that the same image is the same version.
    func version(of digest: Digest) -> (name: String, state: RuntimesAPI.State?) {
        let names = NameSeries("sha256-\(digest.hex)")
        let found = versions.filter { names.contains($0.name) }
        if let there = found.first(where: { $0.state.isAlive }) { return (there.name, there.state) }
        return (names.first(notIn: found.map(\.name)), nil)
    }

    /// The digest of the image that a version was made from, as repositories write it.
    static func image(ofVersion name: String) -> String {
        "sha256:" + name.dropFirst("sha256-".utf8.count).prefix { $0 != "." }
    }

    // MARK: - Aliases

    /// The names of a function's alias.
    ///
    /// An alias begins and ends with a letter, a digit or an underline; a function may with a hyphen. No function's name has
    /// a dot.
    static func aliasNames(_ function: String) -> NameSeries {
        let isPlain = !function.hasPrefix("-") && !function.hasSuffix("-")
        return NameSeries(isPlain ? function : "_.\(function)._")
    }

    /// The alias that a function uses: what there is, or what it will be called.
    func alias(of function: String) -> (name: String, there: RuntimesAPI.Alias?) {
        let names = Self.aliasNames(function)
        let found = aliases.filter { names.contains($0.name) }
        if let there = found.first(where: { $0.state.isAlive }) { return (there.name, there) }
        return (names.first(notIn: found.map(\.name)), nil)
    }

    /// The aliases of other functions.
    func others(than function: String) -> [RuntimesAPI.Alias] {
        let names = Self.aliasNames(function)
        return aliases.filter { !names.contains($0.name) && $0.state.isAlive }
    }
}
