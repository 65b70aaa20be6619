extension Launcher {
    /// For scripts that call programs of the image. Every image has a shell, so that its being there says nothing.
    static let shell = Launcher(
        name: "shell", programs: ["sh"], companions: ["bash", "dash", "ash", "zsh"], isCommon: true,
        scripts: [
            ScriptKind(suffixes: [".sh"], commands: [["/bin/sh"], ["sh"]]),
            ScriptKind(suffixes: [".bash"], commands: [["bash"]]),
        ])

    /// For images of no particular kind: it asks for nothing and adds nothing.
    package static let generic = Launcher(name: "generic", programs: [])
}
