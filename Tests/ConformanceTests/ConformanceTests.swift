import TestKit
import Testing

/// A bounded part of the conformance suite; `scripts/conformance` alone runs all of it (docs/conformance.md).
@Suite("A relocated program", .serialized, .enabled(if: Cage.isHere, Cage.reason))
struct ConformanceTests {
    @Test(
        "does what it does in a chroot, apart from the listed differences",
        arguments: [
            ["small/plain/change", "small/plain/environment", "small/plain/exec", "small/plain/folder"],
            ["small/plain/load", "small/plain/names", "small/plain/open", "small/plain/path"],
            ["small/plain/socket", "small/plain/stat", "small/plain/threads"], ["small/shell"],
            ["musl-small/musl/[a-f]*"], ["musl-small/musl/[l-p]*"], ["musl-small/musl/[s-t]*"],
        ])
    func conforms(cases: [String]) throws {
        let run = try Peer.run("\(Products.repository)/scripts/conformance", cases)
        #expect(run.status == 0, "\(run.text)\n\(run.errorText)")
        #expect(!run.text.contains("skipped"), "\(run.text)")
    }

    @Test("that does differ is noticed")
    func notices() throws {
        // A library that does nothing: the programs then see the host's files instead of the image's, and write there.
        let run = try Peer.run(
            "\(Products.repository)/scripts/conformance",
            ["--without-library", "small/plain/open/open_read", "small/plain/change/mkdir_rmdir"])
        #expect(run.status == 1, "\(run.text)\n\(run.errorText)")
        #expect(run.text.contains("DIFFERENT            small/plain/open/open_read"), "\(run.text)")
        #expect(run.text.contains("written outside of the prefix: '/etc/new-in-etc': folder"), "\(run.text)")
    }
}

/// Whether this machine lets a user make the cage that both worlds stand in.
enum Cage {
    static let isHere = Peer.isInstalled("bwrap") && namespaces
    static let reason: Comment = "needs bwrap, and a kernel that lets this user make namespaces"

    private static var namespaces: Bool {
        (try? Peer.run("unshare", ["--user", "--map-root-user", "--mount", "true"]).status) == 0
    }
}
