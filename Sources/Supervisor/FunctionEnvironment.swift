#if !hasFeature(Embedded)
    internal import JSON
#endif

/// The variables that the program sees.
struct FunctionEnvironment {
    /// `NAME=value` each, one for a name.
    private(set) var entries: [[UInt8]] = []

    /// - Parameters:
    ///   - inherited: the supervisor's own variables; what belongs to the runtime is left out.
    ///   - spec: the function's.
    ///   - package: the package's folder.
    init(inherited: [[UInt8]], _ spec: LaunchSpec, package: [UInt8]) {
        for entry in inherited where !Self.isInternal(entry) { entries.append(entry) }
        let path = path(spec, package)
        for variable in spec.environment where !variable.name.isEqual(to: "PATH") {
            set(variable.name, variable.value)
        }
        set("PATH", path)
        set("SCAR_ROOT", spec.root)
        set("LAMBDA_TASK_ROOT", package)
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

    /// Variables between Lambda and the runtime, which is us, and between us and the local runner.
    private static func isInternal(_ entry: [UInt8]) -> Bool {
        if entry.starts(with: [UInt8]("_LAMBDA_")) { return true }
        let name = [UInt8](entry.prefix { $0 != UInt8(ascii: "=") })
        let names: [StaticString] = [
            "AWS_LAMBDA_RUNTIME_API", "LAMBDA_RUNTIME_DIR", "_HANDLER", "_X_AMZN_TRACE_ID", "SCAR_LOCAL_STORAGE",
            "SCAR_SCRATCH",
        ]
        return names.contains { name.isEqual(to: $0) }
    }

    /// The package's folders, then the image's own under its root, then what was there.
    private func path(_ spec: LaunchSpec, _ package: [UInt8]) -> [UInt8] {
        var folders: [[UInt8]] = []
        for folder in spec.path {
            folders.append(Self.absolute(folder, package))
        }
        for variable in spec.environment where variable.name.isEqual(to: "PATH") {
            for folder in variable.value.parts(separatedBy: UInt8(ascii: ":")) where !folder.isEmpty {
                folders.append(Self.inImage(folder, spec.root))
            }
        }
        folders.append(self["PATH"] ?? [UInt8]("/usr/local/bin:/usr/bin:/bin"))
        return [UInt8](folders.joined(separator: [UInt8(ascii: ":")]))
    }

    /// A folder of the spec's `path`, which is the package's unless it is absolute.
    static func absolute(_ folder: [UInt8], _ package: [UInt8]) -> [UInt8] {
        folder.first == UInt8(ascii: "/") ? folder : package.appending(path: folder)
    }

    /// Where an absolute path of the image is on this machine. One that is under the root already stays.
    static func inImage(_ path: [UInt8], _ root: [UInt8]) -> [UInt8] {
        guard path.first == UInt8(ascii: "/"), !root.isEqual(to: "/") else { return path }
        let isInside = path.starts(with: root) && (path.count == root.count || path[root.count] == UInt8(ascii: "/"))
        return isInside ? path : root + path
    }
}
