internal import ByteKit
internal import Glibc
internal import ImageModel

/// Where the supervisor's executable is.
enum SupervisorBinary {
    /// The file that becomes `bootstrap` in packages for x86_64.
    ///
    /// It lies beside this program, as `swift build` leaves it, or in libexec, as an installation has it.
    static func path(for platform: Platform) throws -> String {
        guard platform.architecture == "amd64" else {
            throw ToolError.notInThisVersion(
                "a supervisor for \(platform)", hint: "build with --platform linux/amd64, or --target squashfs")
        }
        let folder = try ownPath().split(separator: "/").dropLast().map { "/" + $0 }.joined()
        let places = ["\(folder)/bootstrap", "\(folder)/../libexec/scar-build/bootstrap"]
        for place in places where unsafe access(place, R_OK) == 0 { return place }
        throw ToolError(
            "no-supervisor", "the supervisor's executable is missing: looked for \(places.joined(separator: " and "))",
            hint: "run ‘make build’, or install scar-build again")
    }

    /// Where this program's own executable is.
    static func ownPath() throws(FileError) -> String {
        guard let resolved = unsafe realpath("/proc/self/exe", nil) else { throw FileError("read", "/proc/self/exe") }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }
}
