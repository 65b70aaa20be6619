internal import ByteKit
internal import ImageModel
internal import LayerFS
internal import Registry

/// Brings the layers of an image into compiled form: from the cache, or by fetching and compiling at the same time.
struct ImageCompiler: Sendable {
    let origin: any ImageOrigin
    let store: BlobStore
    let compiler: LayerCompiler
    let objectPath: @Sendable (Digest) -> String
    let progress: ProgressHandler

    /// How many layers are on their way at once. More helps nobody: the compiler's threads are shared.
    private static let parallelLayers = 3

    /// The compiled layers of an image, base first.
    func compile(_ image: ResolvedImage) throws -> [LayerObject] {
        let layers = image.manifest.layers
        // An image may have one layer twice; it is compiled once.
        var jobs: [Digest: Job] = [:]
        for (layer, diffID) in zip(layers, image.diffIDs) where jobs[layer.digest] == nil {
            jobs[layer.digest] = Job(layer: layer, diffID: diffID)
        }
        let queue = Monitor(layers.compactMap { jobs.removeValue(forKey: $0.digest) }.reversed() as [Job])
        let outcome = Monitor(Outcome())
        let threads = try (0..<min(Self.parallelLayers, layers.count)).map { _ in
            try Thread {
                while let job = queue.withLock({ $0.popLast() }) {
                    guard outcome.withLock({ $0.failure == nil }) else { return }
                    do {
                        let object = try compile(job) { outcome.withLock { $0.failure != nil } }
                        outcome.withLock { $0.objects[job.layer.digest] = object }
                    } catch {
                        outcome.withLock { $0.failure = $0.failure ?? error }
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        let (objects, failure) = outcome.withLock { ($0.objects, $0.failure) }
        if let failure { throw failure }
        return layers.compactMap { objects[$0.digest] }
    }

    private struct Job: Sendable {
        let layer: Descriptor
        /// What the layer must unpack to; nil when nobody has said.
        let diffID: Digest?
    }

    private struct Outcome {
        var objects: [Digest: LayerObject] = [:]
        var failure: (any Error)?
    }

    /// - Parameter isInVain: whether another layer has failed, which ends this one too.
    private func compile(_ job: Job, isInVain: @escaping () -> Bool) throws -> LayerObject {
        let layer = job.layer
        let path = objectPath(layer.digest)
        if let object = LayerObject.open(path, layer: layer.digest, settings: compiler.settings),
            job.diffID == nil || object.diffID == job.diffID
        {
            progress(.layerCached(layer.digest))
            Cache.touch(path)
            return object
        }
        if job.diffID != nil, store.contains(layer.digest, size: layer.size) {
            do {
                // The diff id vouches for what comes out, so what goes in need not be hashed as well.
                return unsafe try compile(job, to: path, isInVain) { receive in
                    unsafe try store.read(layer.digest) { piece in
                        unsafe try receive(piece)
                        return true
                    }
                }
            } catch let error as LayerError {
                // The layer is wrong, or its copy in the store: that is then removed, and fetched anew.
                guard (try? store.verify(layer.digest)) == nil else { throw error }
            }
        }
        return unsafe try compile(job, to: path, isInVain) { receive in
            unsafe try origin.pull(layer, onBytes: receive)
        }
    }

    /// Compiles a layer while `read` hands on its bytes.
    private func compile(
        _ job: Job, to path: String, _ isInVain: @escaping () -> Bool,
        _ read: (_ receive: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws -> LayerObject {
        let layer = job.layer
        let source = LayerSource()
        let result = Monitor<Result<LayerObject, any Error>?>(nil)
        let compiling = try Thread {
            let object = Result { try compiler.compile(source, layer: layer.digest, diffID: job.diffID, to: path) }
            result.withLock { $0 = object }
        }
        var readFailure: (any Error)?
        do {
            var count = 0
            var told = 0
            unsafe try read { bytes in
                guard unsafe source.send(bytes) else { throw CompilerGaveUp() }
                count += bytes.count
                guard count - told >= 1 << 20 || count == layer.size else { return }
                told = count
                if isInVain() { throw CompilerGaveUp() }
                progress(.layerRead(layer.digest, bytes: count, of: layer.size))
            }
            source.finish()
        } catch {
            readFailure = error
            source.fail()
        }
        compiling.join()
        // When the compiler gave up, the reader only followed it; otherwise the reader says what went wrong.
        if let readFailure, !(readFailure is CompilerGaveUp) { throw readFailure }
        guard let object = try result.withLock({ $0 })?.get() else { throw Cancelled() }
        progress(.layerCompiled(layer.digest, entries: object.entries.count, bytes: object.tarSize))
        return object
    }

    /// Thrown through the reading to end it.
    private struct CompilerGaveUp: Error {}
}
