#if !hasFeature(Embedded)
    internal import JSON
#endif

/// The variables that the program sees, and those between the processes of a moved image.
struct FunctionEnvironment {
    /// `NAME=value` each, one for a name.
    private(set) var entries: [[UInt8]] = []

    /// - Parameters:
    ///   - inherited: the supervisor's own variables; what belongs to the runtime is left out, and what is about the
    ///     machine's own programs does not go to those of a moved image.
    ///   - spec: the function's.
    ///   - package: the package's folder.
    ///   - paths: where the image's paths are.
    init(inherited: [[UInt8]], _ spec: LaunchSpec, package: [UInt8], _ paths: ImagePaths) {
        for entry in inherited where !Self.isInternal(entry) && !(paths.isMoved && Self.isHosts(entry)) {
            entries.append(entry)
        }
        for variable in spec.environment { set(variable.name, variable.value) }
        if self["PATH"] == nil { set("PATH", [UInt8]("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")) }
        set("SCAR_ROOT", spec.root)
        set("LAMBDA_TASK_ROOT", package)
        if let relocation = spec.relocation, paths.isMoved { relocate(relocation, package, paths) }
    }

    mutating func set(_ name: StaticString, _ value: [UInt8]) { set([UInt8](name), value) }

    mutating func set(_ name: [UInt8], _ value: [UInt8]) {
        let start = name + [UInt8(ascii: "=")]
        let entry = start + value
        for index in entries.indices where entries[index].starts(with: start) {
            entries[index] = entry
            return
        }
        entries.append(entry)
    }

    subscript(_ name: StaticString) -> [UInt8]? { Self.value(of: name, in: entries) }

    static func value(of name: StaticString, in entries: [[UInt8]]) -> [UInt8]? {
        let start = [UInt8](name) + [UInt8(ascii: "=")]
        for entry in entries where entry.starts(with: start) { return [UInt8](entry.dropFirst(start.count)) }
        return nil
    }

    /// Variables between Lambda and the runtime, which is us, between us and the local runner, and between the path
    /// library and itself.
    private static func isInternal(_ entry: [UInt8]) -> Bool {
        if entry.starts(with: [UInt8]("_LAMBDA_")) || entry.starts(with: [UInt8]("SCAR_PATH_")) { return true }
        return isNamed(
            entry,
            [
                "AWS_LAMBDA_RUNTIME_API", "LAMBDA_RUNTIME_DIR", "_HANDLER", "_X_AMZN_TRACE_ID", "SCAR_LOCAL_STORAGE",
                "SCAR_PARENT", "SCAR_SCRATCH", "SCAR_UNPACK",
            ])
    }

    /// Variables about programs and libraries of this machine.
    private static func isHosts(_ entry: [UInt8]) -> Bool {
        isNamed(entry, ["PATH", "LD_LIBRARY_PATH", "LD_PRELOAD"])
    }

    private static func isNamed(_ entry: [UInt8], _ names: [StaticString]) -> Bool {
        let name = [UInt8](entry.prefix { $0 != UInt8(ascii: "=") })
        return names.contains { name.isEqual(to: $0) }
    }
}

// MARK: - Moved images

extension FunctionEnvironment {
    /// What the path library needs when the first program starts. docs/relocation.md, "The environment between
    /// processes".
    private mutating func relocate(_ relocation: LaunchSpec.Relocation, _ package: [UInt8], _ paths: ImagePaths) {
        let library = package.appending(path: relocation.library)
        let folders = joined(relocation.folders.map { paths.root.appending(path: $0) })
        let ownFolders = self["LD_LIBRARY_PATH"]
        let ownLibraries = self["LD_PRELOAD"]
        set("LD_PRELOAD", joined([library, ownLibraries.map(paths.onHost(list:)) ?? []]))
        set("LD_LIBRARY_PATH", joined([ownFolders.map(paths.onHost(list:)) ?? [], folders]))
        set("SCAR_PATH_ROOT", paths.root)
        set("SCAR_PATH_LIBRARY", library)
        set("SCAR_PATH_FOLDERS", folders)
        set("SCAR_PATH_LOADER", paths.root.appending(path: relocation.loader))
        if relocation.loaderHasArgumentZero { set("SCAR_PATH_LOADER_NAMES", [UInt8]("1")) }
        set("SCAR_PATH_HOST", joined(paths.host))
        if relocation.asRoot { set("SCAR_PATH_AS_ROOT", [UInt8]("1")) }
        if let ownFolders { set("SCAR_PATH_OWN_LIBRARY_PATH", ownFolders) }
        if let ownLibraries { set("SCAR_PATH_OWN_PRELOAD", ownLibraries) }
        for variable in relocation.keep { set(variable.name, paths.onHost(list: variable.value)) }
        if !relocation.keep.isEmpty { set("SCAR_PATH_KEEP", joined(relocation.keep.map { $0.name })) }
    }

    private func joined(_ items: [[UInt8]]) -> [UInt8] {
        [UInt8](items.filter { !$0.isEmpty }.joined(separator: [UInt8(ascii: ":")]))
    }
}
