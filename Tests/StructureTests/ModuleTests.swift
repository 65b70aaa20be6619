import ByteKit
import TestKit
import Testing

/// The shape that docs/architecture.md describes, held.
@Suite("The modules")
struct ModuleTests {
    /// Which of our modules and C doors each module may import. Arrows never point up.
    static let allowed: [String: Set<String>] = [
        "ByteKit": ["CDigest", "CSystem"],
        "Calendar": [],
        "JSON": [],
        "Signing": ["Calendar", "JSON", "CSupervisor"],
        "SquashFS": ["CCompress", "CSupervisor"],
        "ELF": ["ByteKit"],
        "ImageModel": ["ByteKit", "JSON"],
        "Transport": ["ByteKit", "Calendar", "CCurl"],
        "Recipe": ["ByteKit", "Calendar", "JSON", "ImageModel", "CYAML"],
        "Registry": ["Transport", "ImageModel", "ByteKit", "JSON"],
        "LayerFS": ["SquashFS", "ELF", "ByteKit", "CCompress", "CInflate", "CArchive"],
        "Supervisor": ["SquashFS", "Signing", "Calendar", "JSON", "CSupervisor"],
        "Packager": ["Supervisor", "ByteKit", "Calendar", "JSON", "CCompress"],
        "AWS": ["Transport", "Signing", "ByteKit", "JSON"],
        "Publisher": ["AWS", "Transport", "ByteKit", "JSON"],
        "Report": ["LayerFS", "SquashFS", "ImageModel", "ByteKit", "JSON"],
        "Toolchain": [
            "Recipe", "Registry", "LayerFS", "Packager", "Publisher", "Report", "AWS", "Supervisor", "SquashFS",
            "Transport", "ImageModel", "ByteKit", "JSON",
        ],
        "scar-build": [
            "Toolchain", "Publisher", "Report", "AWS", "Recipe", "Registry", "ImageModel", "ByteKit", "JSON",
        ],
        "bootstrap": ["CSupervisor", "CCompress"],
    ]

    /// What may be imported from outside: the C library everywhere, argument parsing in the command line.
    static func outside(_ module: String) -> Set<String> {
        switch module {
        case "scar-build": ["Glibc", "Synchronization", "ArgumentParser"]
        // What is also compiled Embedded has no Glibc module: its calls to C go through CSupervisor.
        case "bootstrap", "Calendar", "JSON", "Signing", "SquashFS", "Supervisor": ["Synchronization"]
        default: ["Glibc", "Synchronization"]
        }
    }

    @Test("import only what the architecture allows", arguments: allowed.keys.sorted())
    func imports(of module: String) throws {
        let files = try Self.swiftFiles(in: "\(Products.repository)/Sources/\(module)")
        #expect(!files.isEmpty)
        for file in files {
            let text = String(decoding: try InputFile.contents(of: file, limit: 1 << 20), as: UTF8.self)
            for line in text.split(separator: "\n") {
                let words = line.split(separator: " ")
                guard let at = words.firstIndex(of: "import"), at <= 1, let name = words.dropFirst(at + 1).first else {
                    continue
                }
                let permitted = (Self.allowed[module] ?? []).union(Self.outside(module))
                #expect(permitted.contains(String(name)), "\(file) imports \(name)")
            }
        }
    }

    @Test("are all in the table")
    func table() throws {
        let folders = try Folder.names(in: "\(Products.repository)/Sources")
        let swift = try folders.filter { try !Self.swiftFiles(in: "\(Products.repository)/Sources/\($0)").isEmpty }
        #expect(Set(swift) == Set(Self.allowed.keys))
    }

    @Test("keep their files short enough to read", arguments: allowed.keys.sorted())
    func length(of module: String) throws {
        for file in try Self.swiftFiles(in: "\(Products.repository)/Sources/\(module)") {
            let lines = try InputFile.contents(of: file, limit: 1 << 20).count { $0 == UInt8(ascii: "\n") }
            #expect(lines <= 400, "\(file) has \(lines) lines")
        }
    }

    /// The Swift files of a folder and those below it; links are the supervisor's second view of other modules.
    private static func swiftFiles(in folder: String) throws -> [String] {
        let listing = try Peer.run("find", [folder, "-type", "f", "-name", "*.swift"])
        return listing.text.split(separator: "\n").map(String.init)
    }
}
