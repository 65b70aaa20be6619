import ByteKit
import Glibc
import ImageModel
import Registry
import Testing
import TestKit

@Suite struct BlobStoreTests: ~Copyable {
    let folder: TestFolder
    let store: BlobStore
    let bytes = pattern(10_000)
    let blob: Descriptor

    init() throws {
        let folder = try TestFolder()
        store = try BlobStore(folder.path + "/a/b/store")
        blob = Descriptor(mediaType: .ociLayer, digest: Digest(of: bytes), size: bytes.count)
        self.folder = folder
    }

    private var names: [String] { (try? Folder.names(in: store.root + "/blobs/sha256")) ?? ["?"] }

    @Test("What was put in can be found, read and removed")
    func roundTrip() throws {
        let digest = try store.put(bytes)
        #expect(digest == blob.digest)
        #expect(store.contains(digest) && store.contains(digest, size: 10_000) && !store.contains(digest, size: 9_999))
        #expect(try store.contents(of: digest, limit: 10_000) == bytes)
        #expect(try store.open(digest).size == 10_000)
        #expect(names == [digest.hex])
        store.remove(digest)
        store.remove(digest)
        #expect(!store.contains(digest))
    }

    @Test("A name appears only when the bytes are right", arguments: ["none", "short", "long", "wrong"])
    func unfinished(kind: String) throws {
        let (store, blob, bytes) = (store, blob, bytes)
        #expect(throws: RegistryError.self) {
            guard var writer = try store.writer(for: blob) else { return }
            let pieces: [[UInt8]] =
                switch kind {
                case "none": []
                case "short": [Array(bytes.dropLast())]
                case "long": [bytes, [0]]
                default: [bytes.reversed()]
                }
            for piece in pieces {
                try unsafe piece.withUnsafeBytes { unsafe try writer.write($0) }
                #expect(!store.contains(blob.digest))
            }
            try writer.finish()
        }
        #expect(names == [])
    }

    @Test("A dropped writer leaves no blob behind")
    func dropped() throws {
        do {
            guard var writer = try store.writer(for: blob) else { return }
            try unsafe bytes.withUnsafeBytes { unsafe try writer.write($0) }
            #expect(writer.count == 10_000)
        }
        #expect(names == [])
    }

    @Test("A damaged blob is noticed and removed", arguments: ["verify", "contents"])
    func damaged(reader: String) throws {
        let (store, digest) = (store, blob.digest)
        try OutputFile.write(bytes.reversed(), to: store.path(of: digest))
        let error = #expect(throws: RegistryError.self) {
            if reader == "verify" {
                try store.verify(digest)
            } else {
                _ = try store.contents(of: digest, limit: 1 << 20)
            }
        }
        #expect(error?.code == .digestMismatch)
        #expect(!store.contains(digest))
    }

    @Test("Links, folders and pipes inside the store are no blobs", arguments: ["link", "folder", "pipe"])
    func oddEntries(kind: String) throws {
        let (store, digest) = (store, blob.digest)
        let path = store.path(of: digest)
        switch kind {
        case "link":
            try OutputFile.write(bytes, to: folder.path + "/outside")
            #expect(unsafe symlink(folder.path + "/outside", path) == 0)
        case "folder": #expect(unsafe mkdir(path, 0o755) == 0)
        default: #expect(unsafe mkfifo(path, 0o644) == 0)
        }
        #expect(!store.contains(digest))
        #expect(throws: RegistryError.self) { _ = try store.open(digest) }
        #expect(throws: RegistryError.self) { try store.verify(digest) }
    }

    @Test("A store whose folders are links is refused")
    func linkedFolders() throws {
        let root = folder.path + "/linked"
        try Folder.create(root)
        try Folder.create(folder.path + "/elsewhere/sha256")
        #expect(unsafe symlink(folder.path + "/elsewhere", root + "/blobs") == 0)
        #expect(throws: RegistryError.self) { _ = try BlobStore(root) }
    }

    @Test("Many writers of one blob all succeed, and one file stands")
    func concurrent() throws {
        let failures = Monitor(0)
        let (store, blob, bytes) = (store, blob, bytes)
        try WorkerPool(width: 8).forEach(40) { _ in
            do {
                guard var writer = try store.writer(for: blob) else { return }
                try unsafe bytes.withUnsafeBytes { unsafe try writer.write($0) }
                try writer.finish()
            } catch {
                failures.withLock { $0 += 1 }
            }
        }
        #expect(failures.withLock { $0 } == 0)
        #expect(names == [blob.digest.hex])
        try store.verify(blob.digest)
    }
}
