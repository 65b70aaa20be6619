/// AWS's own Lambda Runtime Interface Emulator.
package enum RuntimeEmulator {
    /// From SCAR_TESTBED_RIE, which `make test` sets; nil when there is none.
    package static let path: String? = {
        guard let path = Peer.environment("SCAR_TESTBED_RIE") else { return nil }
        return (try? Peer.run("test", ["-x", path]).status) == 0 ? path : nil
    }()

    /// What a test says that is left out for want of it.
    package static let absence = "export SCAR_TESTBED_RIE=$(scripts/setup --rie) fetches AWS's emulator"
}
