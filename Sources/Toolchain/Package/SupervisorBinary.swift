internal import ByteKit
internal import Glibc
internal import ImageModel

/// Where the supervisor's executable is.
enum SupervisorBinary {
    /// The file that becomes `bootstrap` in packages for a platform.
    ///
    /// That of this machine's processor lies beside this program, as `swift build` leaves it, the other one in the build
    /// folder, as `make build` leaves it; or both in libexec, as an installation has them.
    static func path(for platform: Platform) throws -> String {
        let folder = try ownPath().split(separator: "/").dropLast().map { "/" + $0 }.joined()
        let places: [String]
        if platform.machine == Platform.ownMachine {
            places = ["\(folder)/bootstrap", "\(folder)/../libexec/scar-build/bootstrap"]
        } else {
            let name = platform.architecture == "arm64" ? "bootstrap-aarch64" : "bootstrap-x86_64"
            places = ["\(folder)/../../supervisor/\(name)", "\(folder)/../libexec/scar-build/\(name)"]
        }
        for place in places where unsafe access(place, R_OK) == 0 { return place }
        throw ToolError(
            "no-supervisor",
            "the supervisor for \(platform) is missing: looked for \(places.joined(separator: " and "))",
            hint: platform.machine == Platform.ownMachine
                ? "run ‘make build’, or install scar-build again"
                : "‘make supervisors’ builds it on x86_64, on Debian and Ubuntu; --target squashfs needs none")
    }

    /// Where this program's own executable is.
    static func ownPath() throws(FileError) -> String {
        guard let resolved = unsafe realpath("/proc/self/exe", nil) else { throw FileError("read", "/proc/self/exe") }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }
}
