internal import ArgumentParser
internal import ByteKit
internal import Toolchain

/// With what a package is signed.
struct SignatureOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Check the signature beside the package with this public key (PEM).", valueName: "file"),
        completion: .file(extensions: ["pem"]))
    var key: String?

    @Option(
        name: .customLong("signature"),
        help: ArgumentHelp("The signature, when it is not PACKAGE.sig.", valueName: "file"), completion: .file())
    var place: String?

    /// Throws unless the package has a right signature, or none is asked for.
    func verify(_ package: String) throws {
        guard let key else { return }
        try Signature.verify(package, with: try VerificationKey(file: key), signature: place)
    }
}
