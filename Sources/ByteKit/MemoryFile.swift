internal import CSystem
internal import Glibc

/// Bytes that another process gets as an open file, read from its beginning.
package struct MemoryFile: ~Copyable {
    package let descriptor: Int32

    package init(_ bytes: [UInt8]) throws(FileError) {
        descriptor = unsafe csystem_memory_file("scar-build")
        guard descriptor >= 0 else { throw FileError("create", "a file in memory") }
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe pwrite(descriptor, $0.baseAddress.map { unsafe $0 + done }, $0.count - done, off_t(done))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                let error = FileError("write", "a file in memory")
                close(descriptor)
                throw error
            }
            done += count
        }
    }

    deinit { close(descriptor) }
}
