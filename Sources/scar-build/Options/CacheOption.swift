internal import ArgumentParser
internal import Glibc

/// Where things are kept between builds.
struct CacheOption: ParsableArguments {
    @Option(
        help: ArgumentHelp("Where blobs and compiled layers are kept (SCAR_BUILD_CACHE).", valueName: "dir"),
        completion: .directory)
    var cache: String?

    func folder() throws -> String {
        if let folder = cache ?? Self.variable("SCAR_BUILD_CACHE") { return folder }
        if let folder = Self.variable("XDG_CACHE_HOME") { return folder + "/scar-build" }
        guard let home = Self.variable("HOME") else {
            throw ValidationError("There is no HOME to keep a cache in; say where with --cache.")
        }
        return home + "/.cache/scar-build"
    }

    static func variable(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        let text = unsafe String(cString: value)
        return text.isEmpty ? nil : text
    }
}
