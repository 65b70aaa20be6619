#if !hasFeature(Embedded)
    internal import JSON
    internal import Signing
    internal import SquashFS
#endif

/// Puts the image's tree in place before the first event: unpacked, or there already in a sandbox that was used.
struct ArtifactInstaller {
    let artifact: LaunchSpec.Artifact
    /// Where the tree goes.
    let root: [UInt8]
    /// The package's folder.
    let package: [UInt8]
    /// Folders of the image that a program needs to start.
    let early: [[UInt8]]
    /// Whether every file is to have its bytes before any is used.
    let isPatient: Bool

    /// Beside the root, so that the tree is the image's and nothing else.
    private var stampPath: [UInt8] { root + [UInt8](".digest") }
    private var partialPath: [UInt8] { root + [UInt8](".partial") }
    private var lockPath: [UInt8] { root + [UInt8](".lock") }

    private var folderAbove: [UInt8] {
        let slash = root.lastIndex(of: UInt8(ascii: "/")) ?? 0
        return slash == 0 ? [UInt8]("/") : [UInt8](root[..<slash])
    }

    /// Makes sure that the tree is in place, whole. Another process that is at it is waited for.
    ///
    /// - Parameter makeUsable: called when the tree may be used, which is sooner than it is whole when the kernel can
    ///   keep others from files whose bytes are still to come.
    /// - Parameter whenFailing: called when a tree that may be in use has failed; the failure is thrown when it is cleared
    ///   away.
    func install(makeUsable: () -> Void, whenFailing: @escaping @Sendable () -> Void) throws(Failure) {
        let begin = Clock.nanoseconds
        let lock: OpenFile
        do throws(SystemFailure) {
            try FolderTree.make(folderAbove)
            lock = try OpenFile(lockPath, .append)
        } catch {
            throw .system("Artifact.Failed", "cannot make the folder of the tree ", root, error)
        }
        _ = lock.lock(.exclusive)
        guard !isInstalled else {
            Log.line([UInt8]("the tree is in place already: ") + root)
            return
        }
        try clear()
        let result = try unpack(since: begin, makeUsable, whenFailing)
        do throws(SystemFailure) {
            // Last of all: a tree without its stamp is made anew.
            try OpenFile(stampPath, .newFile(permissions: 0o644)).write(artifact.digest)
        } catch {
            throw .system("Artifact.Failed", "cannot put the tree in place at ", root, error)
        }
        report(result, Clock.nanoseconds - begin)
    }

    /// Whether a whole tree of this very artifact is there.
    private var isInstalled: Bool {
        do throws(SystemFailure) {
            guard try OpenFile(stampPath, .plainFile).readAll(limit: 256) == artifact.digest else { return false }
            return try OpenFile(root, .folder).status().isFolder
        } catch {
            return false
        }
    }

    /// Removes what an older package or an interrupted start has left.
    private func clear() throws(Failure) {
        do throws(SystemFailure) {
            for path in [stampPath, partialPath, root] { try OpenFile.removeTree(path) }
        } catch {
            throw .system("Artifact.Failed", "cannot remove what is in the way at ", root, error)
        }
    }

    private func unpack(
        since begin: Int64, _ makeUsable: () -> Void, _ whenFailing: @escaping @Sendable () -> Void
    ) throws(Failure) -> SquashUnpacker.Result {
        let path = package.appending(path: artifact.path)
        let file: OpenFile
        do throws(SystemFailure) {
            file = try OpenFile(path, .file)
        } catch {
            throw .system("Artifact.Unreadable", "cannot open the artifact ", path, error)
        }
        let digests = try readDigests()
        do throws(SquashError) {
            if !isPatient, let behind = try startBehind(file, digests, whenFailing) {
                try putInPlace()
                let text = [UInt8]("the tree can be used, and gets its files’ bytes, after ")
                Log.line(text + decimalSeconds(Clock.nanoseconds - begin))
                makeUsable()
                return try behind.finish()
            }
            let reader = try SquashReader(descriptor: file.descriptor, length: artifact.size, digests: digests)
            let result = try SquashUnpacker.unpack(reader, into: partialPath, options: options)
            try putInPlace()
            return result
        } catch {
            for partial in [partialPath, root] { try? OpenFile.removeTree(partial) }
            throw failure(error, path)
        }
    }

    /// What every byte of the artifact is held against; launch.json vouches for it.
    private func readDigests() throws(Failure) -> BlockDigests {
        let path = package.appending(path: artifact.blocks)
        let table: [UInt8]
        do throws(SystemFailure) {
            let size = BlockDigests.tableSize(imageLength: artifact.size)
            table = try OpenFile(path, .file).readAll(limit: size)
        } catch {
            throw .system("Artifact.Unreadable", "cannot read the digests of the artifact’s blocks, ", path, error)
        }
        guard [UInt8]("sha256:") + SHA256.sum(of: table).hexadecimal == artifact.blocksDigest else {
            throw Failure(
                "Artifact.Unreadable",
                path + [UInt8](" is not the table that launch.json names; build and publish the package again"))
        }
        do throws(SquashError) { return try BlockDigests(table, imageLength: artifact.size) } catch {
            throw failure(error, path)
        }
    }

    private var options: SquashUnpacker.Options {
        SquashUnpacker.Options(neededBytes: artifact.unpackedSize, early: early)
    }

    /// The tree without its files' bytes; nil where nobody could be kept from reading those.
    private func startBehind(
        _ file: borrowing OpenFile, _ digests: BlockDigests, _ whenFailing: @escaping @Sendable () -> Void
    ) throws(SquashError) -> BackgroundUnpack? {
        do throws(SquashError) {
            return try BackgroundUnpack.start(
                SquashReader(descriptor: file.descriptor, length: artifact.size, digests: digests), into: partialPath,
                options: options, whenFailing: whenFailing)
        } catch {
            guard error.code == .noLeases else { throw error }
            try? OpenFile.removeTree(partialPath)
            return nil
        }
    }

    private func putInPlace() throws(SquashError) {
        do throws(SystemFailure) { try OpenFile.rename(partialPath, to: root) } catch {
            throw SquashError(.createFailed, errorNumber: error.errorNumber)
        }
    }

    private func decimalSeconds(_ nanoseconds: Int64) -> [UInt8] {
        var text: [UInt8] = []
        text.append(nanosecondsAsSeconds: nanoseconds)
        return text + [UInt8](" s")
    }

    private func failure(_ error: SquashError, _ path: [UInt8]) -> Failure {
        var text: [UInt8] = []
        if case .noSpace(let needed, let free) = error.code {
            text.append("the tree needs ")
            text.append(decimal: needed)
            text.append(" bytes and the file system of ")
            text += root
            text.append(" has ")
            text.append(decimal: free)
            text.append(" free; give the function more ephemeral storage")
            return Failure("Artifact.NoSpace", text)
        }
        text.append("cannot unpack ")
        text += path
        if !error.path.isEmpty {
            text.append(", at ")
            text += error.path
        }
        text.append(": ")
        text.append(error.reason)
        if case .damaged(let block) = error.code {
            text.append(" (block ")
            text.append(decimal: block)
            text.append(", from byte ")
            text.append(decimal: block * BlockDigests.blockSize)
            text.append(" on); build and publish the package again")
        }
        if error.errorNumber != 0 {
            text.append(": ")
            text += SystemFailure(errorNumber: error.errorNumber).text
        }
        return Failure(
            error.errorNumber == SystemFailure.spaceless ? "Artifact.NoSpace" : "Artifact.Unreadable", text)
    }

    private func report(_ result: SquashUnpacker.Result, _ nanoseconds: Int64) {
        var text = [UInt8]("unpacked ")
        text.append(decimal: result.files)
        text.append(" files, ")
        text.append(decimal: result.bytes)
        text.append(" bytes, in ")
        text.append(nanosecondsAsSeconds: nanoseconds)
        text.append(" s to ")
        Log.line(text + root)
    }
}
