internal import CSystem
internal import Glibc

/// A folder that paths are looked up in as if it were the root: links lead nowhere else. openat2(2), RESOLVE_IN_ROOT.
package struct RootFolder: ~Copyable {
    private let descriptor: Int32

    package init(_ path: String) throws(FileError) {
        descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError("open", path) }
    }

    deinit { close(descriptor) }

    /// The real path of the file that a path leads to, relative to the folder; nil when there is none, or a folder.
    package func file(at path: [UInt8]) -> [UInt8]? {
        guard !path.contains(0) else { return nil }
        let length = Int(PATH_MAX)
        let real = unsafe [UInt8](unsafeUninitializedCapacity: length) { buffer, filled in
            let count = unsafe (path + [0]).withUnsafeBytes { path in
                unsafe csystem_resolve_in_root(
                    descriptor, path.assumingMemoryBound(to: CChar.self).baseAddress, buffer.baseAddress, length)
            }
            filled = max(0, count)
        }
        return real.isEmpty ? nil : real
    }
}
