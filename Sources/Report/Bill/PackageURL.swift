/// A package's name across managers: package-url/purl-spec, ECMA-427.
struct PackageURL {
    /// The text: `pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12`.
    let text: String

    /// One of a distribution's packages.
    init(_ package: PackageFigures.Package, _ release: Release?) {
        let type = package.manager == "dpkg" ? "deb" : package.manager
        let fallbacks = ["deb": "debian", "apk": "alpine"]
        var qualifiers: [(String, String)] = []
        if !package.architecture.isEmpty { qualifiers.append(("arch", package.architecture)) }
        if let release {
            qualifiers.append(("distro", release.version.isEmpty ? release.id : "\(release.id)-\(release.version)"))
        }
        var version = package.version
        // RPM's epoch is no part of the version there; dpkg's is.
        if type == "rpm", let colon = version.firstIndex(of: ":") {
            qualifiers.append(("epoch", String(version[..<colon])))
            version = String(version[version.index(after: colon)...])
        }
        let name = type == "rpm" ? package.name : package.name.lowercased()
        self.init(type, release?.id ?? fallbacks[type], name, version, qualifiers)
    }

    /// One of a language's packages.
    init(_ package: LanguagePackage) {
        switch package.kind {
        case .gem: self.init("gem", nil, package.name, package.version)
        case .python:
            let name = String(package.name.lowercased().map { $0 == "_" ? "-" : $0 })
            self.init("pypi", nil, name, package.version)
        case .r: self.init("cran", nil, package.name, package.version)
        case .otp: self.init("otp", nil, package.name.lowercased(), package.version)
        }
    }

    /// A distribution itself has none; nor has what has no version there.
    private init(
        _ type: String, _ namespace: String?, _ name: String, _ version: String, _ qualifiers: [(String, String)] = []
    ) {
        var text = "pkg:\(type)/"
        if let namespace { text += Self.encoded(namespace) + "/" }
        text += Self.encoded(name)
        if !version.isEmpty { text += "@" + Self.encoded(version) }
        let pairs = qualifiers.sorted { $0.0 < $1.0 }.map { "\($0.0)=\(Self.encoded($0.1))" }
        if !pairs.isEmpty { text += "?" + pairs.joined(separator: "&") }
        self.text = text
    }

    /// "Character encoding": letters, digits, `.-_~` and the colon stand for themselves.
    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: ":"):
                bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
