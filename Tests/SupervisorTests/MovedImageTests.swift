import Supervisor
import TestKit
import Testing

/// A root below /tmp with this machine's shell, its libraries and its loader, as the linker would leave them but for the
/// programs' interpreters. There is no path library: what it would be told is what is looked at.
@Suite struct MovedImageTests {
    private static func fill(_ root: String) {
        shell(
            """
            mkdir -p '\(root)/bin' '\(root)/usr/bin' '\(root)/lib' '\(root)/srv' '\(root)/opt'
            cp -L /bin/sh '\(root)/bin/sh' && cp -L /lib64/ld-linux-x86-64.so.2 '\(root)/lib/loader'
            cp -L $(ldd /bin/sh | sed -n 's/.*=> \\(.*\\) (.*/\\1/p') '\(root)/lib/'
            cp -L /bin/echo '\(root)/bin/show'
            printf '#!/bin/show  -a b \\n' > '\(root)/usr/bin/tool'
            printf 'echo plain\\n' > '\(root)/usr/bin/plain'
            printf '#!/usr/bin/tool x\\n' > '\(root)/usr/bin/second'
            printf '#!/usr/bin/circle\\n' > '\(root)/usr/bin/circle'
            chmod 755 '\(root)/usr/bin/'*
            """)
    }

    private static func function(
        _ script: String, _ change: (inout LaunchSpec, String) -> Void = { _, _ in }
    ) throws -> TestFunction {
        try TestFunction(script, storage: false) { spec, path in
            spec.root = utf8("\(path)/root")
            spec.relocation = .init(
                library: utf8("launcher/libscar-path.so"), loader: utf8("lib/loader"), loaderHasArgumentZero: true,
                folders: [utf8("lib"), utf8("usr/lib")], host: [utf8("/opt")],
                keep: [.init(name: utf8("LOCPATH"), value: utf8("/usr/lib/locale:/tmp/x"))])
            fill("\(path)/root")
            change(&spec, path)
        }
    }

    @Test("the first program finds all that the path library needs, and nothing of the machine's own")
    func environment() throws {
        var function = try Self.function("#!/bin/sh\nexport -p\n") { spec, _ in
            spec.environment += [
                .init(name: utf8("LD_LIBRARY_PATH"), value: utf8("/usr/local/lib:relative:/tmp/lib")),
                .init(name: utf8("LD_PRELOAD"), value: utf8("libx.so /usr/lib/liby.so")),
            ]
            spec.relocation?.asRoot = true
        }
        let (said, path) = (try function.handle("{}"), function.folder.path)
        let (root, library) = ("\(path)/root", "\(path)/package/launcher/libscar-path.so")
        for (name, value) in [
            ("LD_PRELOAD", "\(library):libx.so \(root)/usr/lib/liby.so"),
            ("LD_LIBRARY_PATH", "\(root)/usr/local/lib:relative:/tmp/lib:\(root)/lib:\(root)/usr/lib"),
            ("SCAR_PATH_ROOT", root), ("SCAR_PATH_LIBRARY", library),
            ("SCAR_PATH_FOLDERS", "\(root)/lib:\(root)/usr/lib"), ("SCAR_PATH_LOADER", "\(root)/lib/loader"),
            ("SCAR_PATH_LOADER_NAMES", "1"), ("SCAR_PATH_HOST", "\(path)/package:\(path)/scratch:/opt"),
            ("SCAR_PATH_AS_ROOT", "1"), ("SCAR_PATH_KEEP", "LOCPATH"), ("LOCPATH", "\(root)/usr/lib/locale:/tmp/x"),
            ("SCAR_PATH_OWN_LIBRARY_PATH", "/usr/local/lib:relative:/tmp/lib"),
            ("SCAR_PATH_OWN_PRELOAD", "libx.so /usr/lib/liby.so"), ("SCAR_ROOT", root),
            ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ] { #expect(said.contains("export \(name)='\(value)'\\n"), "\(name) \(said)") }
    }

    @Test("what an image does not say is not told")
    func least() throws {
        var function = try Self.function("#!/bin/sh\nexport -p\n") { spec, _ in
            spec.relocation?.keep = []
            spec.relocation?.loaderHasArgumentZero = false
        }
        let said = try function.handle("{}")
        #expect(said.contains("SCAR_PATH_ROOT="))
        for name in ["OWN_LIBRARY_PATH", "OWN_PRELOAD", "KEEP", "AS_ROOT", "LOADER_NAMES"] {
            #expect(!said.contains("SCAR_PATH_\(name)"))
        }
        var fixed = try Self.function("#!/bin/sh\nexport -p\n") { spec, _ in spec.relocation = nil }
        let without = try fixed.handle("{}")
        #expect(without.contains("COLOUR") && !without.contains("SCAR_PATH") && !without.contains("LD_"))
    }

    @Test(
        "programs are the image's, found on its PATH, and scripts are read as the kernel would in it",
        arguments: [
            (["tool", "c d"], "-a b /usr/bin/tool c d\\n"), (["/usr/bin/tool"], "-a b /usr/bin/tool\\n"),
            (["/../usr/./bin/../bin/second"], "-a b /usr/bin/tool x /../usr/./bin/../bin/second\\n"),
            (["sh", "-c", "echo $0 $1", "name"], "name\\n"), (["show", "e"], "e\\n"),
        ])
    func programs(command: [String], output: String) throws {
        var function = try Self.function("") { spec, _ in
            spec.script = nil
            spec.command = command.map(utf8)
        }
        let said = try function.handle("{}")
        #expect(said.contains("\"body\":\"\(output)"), "\(said)")
    }

    @Test("a file that is no program goes to the image's shell, under its name in the image")
    func plain() throws {
        var function = try Self.function("") { spec, _ in
            spec.script = nil
            spec.command = [utf8("plain")]
        }
        // The shell has no path library here, and looks for it on the machine.
        #expect(function.failure("{}").message.contains("/usr/bin/plain"))
    }

    @Test("the machine's programs are not found, and scripts in a circle end")
    func refusals() throws {
        for (command, type) in [
            ("python3", "Script.NotFound"), ("circle", "Script.NotFound"), ("/usr/bin/env", "Script.NotStarted"),
        ] {
            var function = try Self.function("") { spec, _ in
                spec.script = nil
                spec.command = [utf8(command)]
            }
            let failure = function.failure("{}")
            #expect(failure.type == type, "\(failure)")
        }
        var machine = try Self.function("#!/usr/bin/python3\n")
        #expect(machine.failure("{}").type == "Script.NotStarted")
    }

    @Test("a program that asks for the machine's loader gets the image's, with its own name where that can be said")
    func loader() throws {
        let script = "#!/bin/sh\nread -r line < /proc/$$/cmdline; tr '\\0' ' ' < /proc/$$/cmdline\n"
        for knowsNames in [true, false] {
            var function = try Self.function(script) { spec, _ in spec.relocation?.loaderHasArgumentZero = knowsNames }
            let said = try function.handle("{}")
            let root = "\(function.folder.path)/root"
            let name = knowsNames ? "--argv0 /bin/sh " : ""
            #expect(said.contains("\(root)/lib/loader \(name)\(root)/bin/sh "), "\(said)")
        }
    }

    @Test("the program starts in the image's folder that the recipe names")
    func folder() throws {
        var function = try Self.function("#!/bin/sh\npwd\n") { spec, _ in spec.workingDirectory = utf8("/srv") }
        #expect(try function.handle("{}").contains("\(function.folder.path)/root/srv"))
    }
}
