/// What there is to know of an image when its launcher is chosen: its files and how it wants to be started.
package struct ImageFacts {
    package var root: RootView
    /// The image's variables and then the recipe's; of those of one name, the last one counts.
    package var environment: [(name: String, value: String)]
    /// What the recipe's command, or else the image's entry point with its arguments, says.
    package var command: [String]
    /// A folder of the image; nil when it does not say.
    package var workingDirectory: String?

    package init(
        root: RootView, environment: [(name: String, value: String)] = [], command: [String] = [],
        workingDirectory: String? = nil
    ) {
        self.root = root
        self.environment = environment
        self.command = command
        self.workingDirectory = workingDirectory
    }

    /// What Docker takes for an image that has no PATH.
    private static let usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// The value of a variable; nil when it is not set.
    func value(of name: String) -> String? { environment.last { $0.name == name }?.value }

    /// Where a program of the image is found: on its PATH, or at its path.
    func program(_ name: String) -> String? {
        if name.contains("/") { return root.file(name) == nil ? nil : name }
        let folders = (value(of: "PATH") ?? Self.usualPath).split(separator: ":").filter { $0.hasPrefix("/") }
        return folders.lazy.map { "\($0)/\(name)" }.first { root.file($0) != nil }
    }

    /// Whether a folder of the image has something in it.
    func hasFolder(_ path: String) -> Bool { root.folder(path).map { !root.names($0).isEmpty } ?? false }
}
