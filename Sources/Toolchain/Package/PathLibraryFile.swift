internal import ByteKit
internal import Glibc
internal import ImageModel

/// Where the path library is, which programs of a moved image are started with.
enum PathLibraryFile {
    /// The library for a platform's programs.
    ///
    /// It lies in the build folder beside the one of this program, as `make build` leaves it, or in libexec, as an
    /// installation has it.
    static func path(for platform: Platform) throws -> String {
        let machine = platform.architecture == "arm64" ? "aarch64" : "x86_64"
        let name = "libscar-path-\(machine).so"
        let folder = try SupervisorBinary.ownPath().split(separator: "/").dropLast().map { "/" + $0 }.joined()
        let places = ["\(folder)/../../path-library/\(name)", "\(folder)/../libexec/scar-build/\(name)"]
        for place in places where unsafe access(place, R_OK) == 0 { return place }
        throw ToolError(
            "no-path-library", "the path library is missing: looked for \(places.joined(separator: " and "))",
            hint: "run ‘make build’, or install scar-build again")
    }
}
