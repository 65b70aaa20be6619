internal import ArgumentParser
internal import ByteKit
internal import Toolchain

struct SignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign", abstract: "Sign a package with a key of OpenSSL's.",
        discussion: """
            Writes PACKAGE.sig beside the package, and prints its path. The key is one of the elliptic curve P-256, in PEM; \
            ‘openssl dgst -sha256 -verify PUBLIC -signature PACKAGE.sig PACKAGE’ checks the signature as ‘verify’ does.
            """)

    @Argument(help: "What a build wrote.", completion: .file())
    var package: String

    @Option(
        help: ArgumentHelp("The private key (PEM).", valueName: "file"), completion: .file(extensions: ["pem"]))
    var key: String

    func run() throws {
        try StandardOutput.line(try Signature.sign(package, with: try SigningKey(file: key)))
    }
}
