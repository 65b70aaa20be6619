/// Which files are the package managers' own records, and which manager's.
enum PackageDatabase {
    enum Part: Equatable {
        /// dpkg's list of packages.
        case dpkgStatus
        /// A package of an image without dpkg, as distroless images have them: the status of one, or its files.
        case dpkgFragment(isFiles: Bool)
        /// The files of one of dpkg's packages; its name, with the architecture when there are several.
        case dpkgList(name: ArraySlice<UInt8>)
        case apkInstalled
        case rpm(RPMDatabase.Format)
        /// What a language's own package says of itself. Its first bytes do.
        case language(LanguagePackage.Kind)
        /// Which distribution it is. os-release(5)
        case release

        /// How large a file of this kind may be; 0 for those whose first bytes do.
        var limit: Int {
            switch self {
            case .dpkgStatus, .dpkgFragment, .dpkgList, .apkInstalled: 16 << 20
            // It has a package's whole header, with sums of all files, in it.
            case .rpm: 64 << 20
            case .language, .release: 0
            }
        }
    }

    static func part(_ path: [UInt8]) -> Part? {
        if path.starts(with: "var/lib/dpkg/".utf8) { return dpkg(path.dropFirst("var/lib/dpkg/".utf8.count)) }
        if let kind = LanguagePackage.Kind(path: path) { return .language(kind) }
        switch path.last {
        case UInt8(ascii: "d")
        where path.elementsEqual("lib/apk/db/installed".utf8) || path.elementsEqual("usr/lib/apk/db/installed".utf8):
            return .apkInstalled
        case UInt8(ascii: "e")
        where path.elementsEqual("usr/lib/os-release".utf8) || path.elementsEqual("etc/os-release".utf8):
            return .release
        case UInt8(ascii: "e"), UInt8(ascii: "s"), UInt8(ascii: "b"): return rpm(path)
        default: return nil
        }
    }

    private static func dpkg(_ rest: ArraySlice<UInt8>) -> Part? {
        if rest.elementsEqual("status".utf8) { return .dpkgStatus }
        if rest.starts(with: "status.d/".utf8) { return .dpkgFragment(isFiles: rest.ends(with: ".md5sums")) }
        if rest.starts(with: "info/".utf8), rest.ends(with: ".list") {
            return .dpkgList(name: rest.dropFirst(5).dropLast(5))
        }
        return nil
    }

    private static func rpm(_ path: [UInt8]) -> Part? {
        let folders = ["var/lib/rpm/", "usr/lib/sysimage/rpm/", "usr/share/rpm/"]
        for folder in folders where path.starts(with: folder.utf8) {
            let name = path.dropFirst(folder.utf8.count)
            return RPMDatabase.Format.allCases.first { name.elementsEqual($0.rawValue.utf8) }.map { .rpm($0) }
        }
        return nil
    }
}

extension ArraySlice<UInt8> {
    func ends(with text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}

/// A package that a manager says is installed.
package struct InstalledPackage: Sendable, Equatable {
    package var name: [UInt8]
    package var version: [UInt8]
    package var architecture: [UInt8]
    /// The paths it owns, relative to the root; folders may be among them.
    package var files: [[UInt8]] = []
}

/// Reads dpkg's records. deb822(5), dpkg(1) section FILES.
package enum DpkgRecords {
    /// More packages than any distribution installs.
    static let packageLimit = 100_000

    /// The installed packages of a status file.
    package static func packages(_ text: [UInt8]) -> [InstalledPackage] {
        var packages: [InstalledPackage] = []
        var stanza = Stanza()
        for line in Lines(text) {
            guard packages.count < packageLimit else { return packages }
            guard line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) else {
                stanza.take(line)
                continue
            }
            if let package = stanza.package { packages.append(package) }
            stanza = Stanza()
        }
        if let package = stanza.package, packages.count < packageLimit { packages.append(package) }
        return packages
    }

    /// The paths of a `.list` file, which begin with a slash, or of `.md5sums`, which have a sum before them.
    package static func files(_ text: [UInt8], hasSums: Bool = false) -> [[UInt8]] {
        var room = PathRoom(forRecordsOf: text.count)
        var files: [[UInt8]] = []
        for line in Lines(text) where !room.isSpent {
            var path = line
            if hasSums {
                guard let space = line.firstIndex(of: UInt8(ascii: " ")) else { continue }
                path = line[space...].drop { $0 == UInt8(ascii: " ") }.drop { "/.".utf8.contains($0) }
            }
            if let path = room.path([], path) { files.append(path) }
        }
        return files
    }

    private struct Stanza {
        private var name: ArraySlice<UInt8> = []
        private var version: ArraySlice<UInt8> = []
        private var architecture: ArraySlice<UInt8> = []
        private var status: ArraySlice<UInt8>?

        mutating func take(_ line: ArraySlice<UInt8>) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return }
            let value = line[(colon + 1)...].trimmed
            switch line[..<colon] {
            case let field where field.elementsEqual("Package".utf8): name = value
            case let field where field.elementsEqual("Version".utf8): version = value
            case let field where field.elementsEqual("Architecture".utf8): architecture = value
            case let field where field.elementsEqual("Status".utf8): status = value
            default: break
            }
        }

        /// Nil for what is removed and only its configuration left.
        var package: InstalledPackage? {
            guard !name.isEmpty else { return nil }
            if let status, status.split(separator: UInt8(ascii: " ")).last?.elementsEqual("installed".utf8) != true {
                return nil
            }
            return InstalledPackage(name: Array(name), version: Array(version), architecture: Array(architecture))
        }
    }
}

/// Reads apk's table of what is installed. apk-tools, apk-v2(5), "installed database".
package enum ApkRecords {
    /// The packages, with their files.
    package static func packages(_ text: [UInt8]) -> [InstalledPackage] {
        var packages: [InstalledPackage] = []
        var package = InstalledPackage(name: [], version: [], architecture: [])
        var folder: ArraySlice<UInt8> = []
        var room = PathRoom(forRecordsOf: text.count)
        func finish() {
            if !package.name.isEmpty { packages.append(package) }
            package = InstalledPackage(name: [], version: [], architecture: [])
            folder = []
        }
        for line in Lines(text) {
            guard packages.count < DpkgRecords.packageLimit else { return packages }
            guard let letter = line.first else {
                finish()
                continue
            }
            guard line.dropFirst().first == UInt8(ascii: ":") else { continue }
            let value = line.dropFirst(2)
            switch letter {
            case UInt8(ascii: "P"): package.name = Array(value)
            case UInt8(ascii: "V"): package.version = Array(value)
            case UInt8(ascii: "A"): package.architecture = Array(value)
            case UInt8(ascii: "F"): folder = value + [UInt8(ascii: "/")]
            case UInt8(ascii: "R"):
                if let path = room.path(folder, value) { package.files.append(path) }
            default: break
            }
        }
        finish()
        return packages
    }
}

extension ArraySlice<UInt8> {
    var trimmed: ArraySlice<UInt8> {
        var rest = drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        while let last = rest.last, [0x20, 0x09, 0x0d].contains(last) { rest = rest.dropLast() }
        return rest
    }
}
