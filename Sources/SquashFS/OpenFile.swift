internal import CSupervisor

/// A call that the kernel refused, with its error number.
package struct SystemFailure: Error, Equatable, Sendable {
    package var errorNumber: Int32

    package init(errorNumber: Int32) { self.errorNumber = errorNumber }

    /// Takes what a call of the C door gave; a negative number is an error.
    package static func check(_ result: Int32) throws(SystemFailure) {
        if result < 0 { throw SystemFailure(errorNumber: -result) }
    }

    // Error numbers of Linux that we act on; the same on x86-64 and arm64.
    package static var permission: Int32 { 1 }
    package static var missing: Int32 { 2 }
    package static var exists: Int32 { 17 }
    package static var invalid: Int32 { 22 }
    package static var spaceless: Int32 { 28 }

    package var isMissing: Bool { errorNumber == Self.missing }
    package var isExisting: Bool { errorNumber == Self.exists }

    /// What the kernel calls it.
    package var text: [UInt8] {
        guard let text = unsafe csupervisor_error_text(errorNumber) else { return [] }
        return unsafe [UInt8](terminatedBy: text)
    }
}

extension [UInt8] {
    /// The bytes before the NUL.
    @unsafe package init(terminatedBy text: UnsafePointer<CChar>) {
        self = []
        var next = unsafe text
        while unsafe next.pointee != 0 {
            unsafe append(UInt8(bitPattern: next.pointee))
            unsafe next += 1
        }
    }

    /// Runs a call of the C door with these bytes and a NUL. Bytes that have a NUL themselves name no file.
    package func withCall(_ body: (UnsafePointer<CChar>) -> Int32) throws(SystemFailure) -> Int32 {
        guard !contains(0) else { throw SystemFailure(errorNumber: SystemFailure.invalid) }
        let result = unsafe (self + [0]).withUnsafeBufferPointer { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { text in
                guard let base = text.baseAddress else { return -SystemFailure.invalid }
                return unsafe body(base)
            }
        }
        try SystemFailure.check(result)
        return result
    }
}

extension [UInt8] {
    /// The same for calls that take two paths.
    package func withCall(
        _ other: [UInt8], _ body: (UnsafePointer<CChar>, UnsafePointer<CChar>) -> Int32
    ) throws(SystemFailure) -> Int32 {
        guard !other.contains(0) else { throw SystemFailure(errorNumber: SystemFailure.invalid) }
        let second = other + [0]
        return unsafe try withCall { first in
            unsafe second.withUnsafeBufferPointer { bytes in
                unsafe bytes.withMemoryRebound(to: CChar.self) { text in
                    guard let base = text.baseAddress else { return -SystemFailure.invalid }
                    return unsafe body(first, base)
                }
            }
        }
    }
}

/// An open file or folder; it is closed when it is dropped. Paths are relative to a folder unless absolute.
package struct OpenFile: ~Copyable, Sendable {
    package let descriptor: Int32

    /// Takes over an open descriptor.
    package init(owning descriptor: Int32) { self.descriptor = descriptor }

    /// How a file is opened. No way but `file` and `folderFollowing` goes through a symlink as the last component.
    package enum Way: Sendable {
        /// An existing file for reading; symlinks are followed.
        case file
        /// An existing file for reading.
        case plainFile
        case folder
        case folderFollowing
        /// A file that must not be there yet, for writing.
        case newFile(permissions: UInt32)
        /// An existing file for writing.
        case rewrite
        /// A file for appending, made when it is missing.
        case append

        fileprivate var flags: Int32 {
            let flags =
                switch self {
                case .file: csupervisor_follow
                case .plainFile: csupervisor_read_only
                case .folder: csupervisor_folder
                case .folderFollowing: csupervisor_folder | csupervisor_follow
                case .newFile: csupervisor_create_new
                case .rewrite: csupervisor_rewrite
                case .append: csupervisor_append
                }
            return Int32(flags)
        }

        fileprivate var permissions: UInt32 {
            if case .newFile(let permissions) = self { return permissions }
            return 0o600
        }
    }

    package init(_ path: [UInt8], in folder: Int32 = OpenFile.here, _ way: Way) throws(SystemFailure) {
        descriptor = unsafe try path.withCall { unsafe csupervisor_open(folder, $0, way.flags, way.permissions) }
    }

    /// Stands for the working folder where a folder's descriptor is wanted.
    package static var here: Int32 { csupervisor_here }

    deinit { csupervisor_close(descriptor) }
}

// MARK: - The file

extension OpenFile {
    package struct Status: Sendable, Equatable {
        package var mode: UInt32
        package var owner: UInt32
        package var size: Int

        package var isFolder: Bool { mode & 0o170000 == 0o040000 }
        package var isFile: Bool { mode & 0o170000 == 0o100000 }

        fileprivate init(_ status: csupervisor_status) {
            mode = status.mode
            owner = status.owner
            size = Int(truncatingIfNeeded: min(status.size, UInt64(Int.max)))
        }
    }

    package func status() throws(SystemFailure) -> Status {
        var status = csupervisor_status()
        try SystemFailure.check(unsafe csupervisor_status_of(descriptor, &status))
        return Status(status)
    }

    /// Writes all the bytes.
    package func write(_ bytes: [UInt8]) throws(SystemFailure) {
        try SystemFailure.check(unsafe csupervisor_write(descriptor, bytes, bytes.count))
    }

    /// Writes all the bytes at a place.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SystemFailure) {
        try SystemFailure.check(
            unsafe csupervisor_write_at(descriptor, bytes.baseAddress, bytes.count, UInt64(max(0, offset))))
    }

    /// Appends up to `count` bytes to an array; how many there were, 0 at the end.
    package func read(_ count: Int, appendingTo bytes: inout [UInt8]) throws(SystemFailure) -> Int {
        var result = 0
        let chunk = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            result = unsafe csupervisor_read(descriptor, buffer.baseAddress, buffer.count)
            filled = max(0, result)
        }
        guard result >= 0 else { throw SystemFailure(errorNumber: Int32(truncatingIfNeeded: -result)) }
        bytes.append(contentsOf: chunk)
        return result
    }

    /// Everything from here to the end, which must not be more than `limit` bytes.
    package func readAll(limit: Int) throws(SystemFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        while try read(64 << 10, appendingTo: &bytes) > 0 {
            guard bytes.count <= limit else { throw SystemFailure(errorNumber: Self.tooBig) }
        }
        return bytes
    }

    /// EFBIG.
    package static var tooBig: Int32 { 27 }

    /// Bytes that may still be written to this file's file system.
    package func freeBytes() throws(SystemFailure) -> Int {
        var free: UInt64 = 0
        try SystemFailure.check(unsafe csupervisor_free_bytes(descriptor, &free))
        return Int(min(free, UInt64(Int.max)))
    }

    package enum Lock: Int32, Sendable {
        /// Alone, or not at all.
        case exclusiveNow = 0
        /// Alone, once the others have gone.
        case exclusive = 1
        /// With others who share it.
        case shared = 2
    }

    /// Takes a lock, in place of any it has, that lasts as long as this file is open; false when it cannot be had.
    package func lock(_ lock: Lock) -> Bool { csupervisor_lock(descriptor, lock.rawValue) == 0 }

    /// Copies from this file's place to its end onto another, and says how much that was.
    package func copy(to other: borrowing OpenFile) throws(SystemFailure) -> Int {
        var total = 0
        while true {
            let moved = csupervisor_copy(descriptor, other.descriptor, 16 << 20)
            guard moved >= 0 else { throw SystemFailure(errorNumber: Int32(truncatingIfNeeded: -moved)) }
            guard moved > 0 else { return total }
            total += moved
        }
    }

    package func truncate(to size: Int) throws(SystemFailure) {
        try SystemFailure.check(csupervisor_truncate(descriptor, UInt64(max(0, size))))
    }

    package func setPermissions(_ permissions: UInt32) throws(SystemFailure) {
        try SystemFailure.check(csupervisor_set_mode(descriptor, permissions))
    }

    /// Sets an extended attribute.
    package func setAttribute(_ attribute: SquashAttribute) throws(SystemFailure) {
        _ = unsafe try attribute.name.withCall { name in
            unsafe csupervisor_set_attribute(descriptor, name, attribute.value, attribute.value.count)
        }
    }
}

// MARK: - The folder

extension OpenFile {
    /// Gives a file another path, replacing what is there.
    package static func rename(_ from: [UInt8], to path: [UInt8]) throws(SystemFailure) {
        _ = unsafe try from.withCall(path) { unsafe csupervisor_rename(here, $0, here, $1) }
    }

    /// Removes a file, or a folder with everything in it, following no links. What is not there is no error.
    package static func removeTree(_ path: [UInt8]) throws(SystemFailure) {
        _ = unsafe try path.withCall { unsafe csupervisor_remove_tree(here, $0) }
    }

    /// Makes a folder at a path; the one above it must be there.
    package static func makeFolder(_ path: [UInt8], permissions: UInt32) throws(SystemFailure) {
        _ = unsafe try path.withCall { unsafe csupervisor_make_folder(here, $0, permissions) }
    }
}

extension OpenFile {
    package func makeFolder(_ name: [UInt8], permissions: UInt32) throws(SystemFailure) {
        _ = unsafe try name.withCall { unsafe csupervisor_make_folder(descriptor, $0, permissions) }
    }

    package func makeSymlink(_ name: [UInt8], to target: [UInt8]) throws(SystemFailure) {
        _ = unsafe try name.withCall(target) { unsafe csupervisor_make_symlink(descriptor, $0, $1) }
    }

    /// Makes a second name here for a file in another folder.
    package func makeLink(
        _ name: [UInt8], to source: [UInt8], in folder: borrowing OpenFile
    ) throws(SystemFailure) {
        let from = folder.descriptor
        _ = unsafe try name.withCall(source) { unsafe csupervisor_make_link(from, $1, descriptor, $0) }
    }

    /// Makes a device, FIFO or socket. `mode` has the type bits.
    package func makeNode(_ name: [UInt8], mode: UInt32, device: UInt32) throws(SystemFailure) {
        _ = unsafe try name.withCall { unsafe csupervisor_make_node(descriptor, $0, mode, device) }
    }

    /// Sets the permissions of what `makeNode` has just made.
    package func setNodePermissions(_ name: [UInt8], _ permissions: UInt32) throws(SystemFailure) {
        _ = unsafe try name.withCall { unsafe csupervisor_set_node_mode(descriptor, $0, permissions) }
    }

    /// Sets an extended attribute of what has this name. Follows no symlink.
    package func setAttribute(_ attribute: SquashAttribute, of name: [UInt8]) throws(SystemFailure) {
        _ = unsafe try name.withCall(attribute.name) {
            unsafe csupervisor_set_attribute_at(descriptor, $0, $1, attribute.value, attribute.value.count)
        }
    }

    /// Sets the owner of what has this name, or of the folder itself for an empty name. Follows no symlink.
    package func setOwner(_ name: [UInt8], owner: UInt32, group: UInt32) throws(SystemFailure) {
        _ = unsafe try name.withCall { unsafe csupervisor_set_owner(descriptor, $0, owner, group) }
    }

    /// Sets the times of what has this name, or of the file itself for an empty name. Follows no symlink.
    package func setTime(_ name: [UInt8], seconds: Int64) throws(SystemFailure) {
        _ = unsafe try name.withCall { unsafe csupervisor_set_time(descriptor, $0, seconds) }
    }

    package func status(of name: [UInt8]) throws(SystemFailure) -> Status {
        var status = csupervisor_status()
        _ = unsafe try name.withCall { unsafe csupervisor_status_at(descriptor, $0, &status) }
        return Status(status)
    }

    /// Gives a file of this folder a name in another, replacing what has that name.
    package func rename(_ from: [UInt8], to name: [UInt8], in folder: borrowing OpenFile) throws(SystemFailure) {
        let to = folder.descriptor
        _ = unsafe try from.withCall(name) { unsafe csupervisor_rename(descriptor, $0, to, $1) }
    }

    /// Removes a file, or a folder with everything in it, following no links. What is not there is no error.
    package func removeTree(_ name: [UInt8]) throws(SystemFailure) {
        _ = unsafe try name.withCall { unsafe csupervisor_remove_tree(descriptor, $0) }
    }

    /// The names in the folder, in byte order.
    package func names() throws(SystemFailure) -> [[UInt8]] {
        var error: Int32 = 0
        guard let listing = unsafe csupervisor_list(descriptor, &error)
        else { throw SystemFailure(errorNumber: -error) }
        defer { unsafe csupervisor_end_list(listing) }
        var names: [[UInt8]] = []
        while let name = unsafe csupervisor_next_name(listing) { unsafe names.append([UInt8](terminatedBy: name)) }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }
}

extension OpenFile {
    /// Whether this process is the superuser.
    package static var isSuperuser: Bool { csupervisor_is_root() != 0 }
    package static var user: UInt32 { csupervisor_user() }
    package static var processID: Int { Int(csupervisor_process_id()) }
    /// The processors this process may run on.
    package static var processors: Int { Int(csupervisor_processors()) }
}
