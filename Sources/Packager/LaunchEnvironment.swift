internal import Supervisor

/// The variables of a function: the image's and the recipe's, and what programs need where neither says anything.
struct LaunchEnvironment {
    /// Each variable once, where it stood last.
    let variables: [LaunchSpec.Variable]
    /// Those that name folders for the C library itself.
    let kept: [LaunchSpec.Variable]

    init(_ input: PackageInput) {
        let facts = input.facts
        let kept = facts.map { Self.kept(input, $0) } ?? []
        let needed = facts.map { Self.needed(input, $0) } ?? []
        var seen = Set(kept.map(\.name))
        var variables: [LaunchSpec.Variable] = []
        for (name, value) in (needed + input.environment).reversed() where seen.insert(name).inserted {
            variables.append(Self.variable(name, value))
        }
        self.variables = variables.reversed()
        self.kept = kept.map { Self.variable($0.name, $0.value) }
    }

    /// What every program may count on, and what the launcher's programs need.
    private static func needed(_ input: PackageInput, _ image: ImageFacts) -> [(name: String, value: String)] {
        // The one folder that a function may write to.
        var needed = [(name: "HOME", value: "/tmp")]
        // Lambda's own LANG names a locale that few images have.
        if image.value(of: "LC_ALL") == nil { needed.append(("LANG", language(image))) }
        return needed + input.launcher.launcher.environment(image)
    }

    private static func language(_ image: ImageFacts) -> String {
        // musl knows UTF-8 only; Debian and Fedora have the locale as a folder.
        let isMusl = image.root.names("lib").contains { $0.hasPrefix("ld-musl-") }
        let hasLocale = ["C.utf8", "C.UTF-8"].contains { image.hasFolder("usr/lib/locale/\($0)") }
        return isMusl || hasLocale ? "C.UTF-8" : "C"
    }

    /// glibc's own tables, which it opens by itself. locale(7), iconv(1), tzset(3).
    private static func kept(_ input: PackageInput, _ image: ImageFacts) -> [(name: String, value: String)] {
        guard let relocation = input.relocation else { return [] }
        let isMusl = relocation.loader.split(separator: "/").last?.hasPrefix("ld-musl-") ?? false
        let converters = relocation.folders.map { "\($0)/gconv" }.first(where: image.hasFolder)
        let places: [(name: String, place: String?)] = [
            ("LOCPATH", "usr/lib/locale"), ("GCONV_PATH", converters), ("TZDIR", "usr/share/zoneinfo"),
        ]
        return places.compactMap { name, place in
            if let own = image.value(of: name) { return (name, own) }
            guard !isMusl, let place, image.hasFolder(place) else { return nil }
            return (name, "/\(place)")
        }
    }

    private static func variable(_ name: String, _ value: String) -> LaunchSpec.Variable {
        LaunchSpec.Variable(name: Array(name.utf8), value: Array(value.utf8))
    }
}
