#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// A folder that plays the storage: bucket B, key K is the file B/K in it.
///
/// Every component is opened by itself and no symlink is followed, so that no key leads out of the folder.
package struct LocalStorage: Sendable {
    private let root: [UInt8]

    package init(root: [UInt8]) { self.root = root }

    /// Why a bucket and key name no file here, if they do not.
    private static func check(_ bucket: [UInt8], _ key: [UInt8]) throws(Failure) {
        guard bucket.isInnerPath, !bucket.contains(UInt8(ascii: "/")) else {
            throw Failure("Storage.BadKey", [UInt8]("‘") + bucket + [UInt8]("’ is no bucket name"))
        }
        guard key.isInnerPath else { throw .badKey(key) }
    }

    /// Copies an object into a file that has just been made; how many bytes it has.
    func fetch(_ bucket: [UInt8], _ key: [UInt8], to file: borrowing OpenFile) throws(Failure) -> Int {
        try Self.check(bucket, key)
        do throws(SystemFailure) {
            let folder = try folder(of: bucket, key, makes: false)
            let source = try OpenFile(key.lastComponent, in: folder.descriptor, .plainFile)
            guard try source.status().isFile else { throw SystemFailure(errorNumber: SystemFailure.invalid) }
            return try source.copy(to: file)
        } catch {
            throw .system(
                error.isMissing ? "Storage.NotFound" : "Storage.ReadFailed", "cannot read the object ",
                bucket.appending(path: key), error)
        }
    }

    /// Writes a file as an object, which appears whole or not at all; how many bytes it has.
    func store(_ file: borrowing OpenFile, _ bucket: [UInt8], _ key: [UInt8]) throws(Failure) -> Int {
        try Self.check(bucket, key)
        do throws(SystemFailure) {
            let folder = try folder(of: bucket, key, makes: true)
            let temporary = Self.temporaryName()
            do throws(SystemFailure) {
                let copy = try OpenFile(temporary, in: folder.descriptor, .newFile(permissions: 0o644))
                let size = try file.copy(to: copy)
                try folder.rename(temporary, to: key.lastComponent, in: folder)
                return size
            } catch {
                // The half-written copy must not stay; its own removal is not worth another error.
                try? folder.removeTree(temporary)
                throw error
            }
        } catch {
            throw .system("Storage.WriteFailed", "cannot write the object ", bucket.appending(path: key), error)
        }
    }

    /// The folder an object lies in.
    private func folder(of bucket: [UInt8], _ key: [UInt8], makes: Bool) throws(SystemFailure) -> OpenFile {
        var folder = try OpenFile(root, .folderFollowing)
        for component in [bucket] + key.parts(separatedBy: UInt8(ascii: "/")).dropLast() {
            if makes {
                do throws(SystemFailure) { try folder.makeFolder(component, permissions: 0o755) } catch {
                    guard error.isExisting else { throw error }
                }
            }
            folder = try OpenFile(component, in: folder.descriptor, .folder)
        }
        return folder
    }

    /// A name that no two writers share.
    private static func temporaryName() -> [UInt8] {
        var name = [UInt8](".scar-")
        name.append(decimal: OpenFile.processID)
        name.append("-")
        name.append(decimal: Int(Clock.nanoseconds))
        name.append(".partial")
        return name
    }
}
