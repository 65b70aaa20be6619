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

    /// The compiled layers of an image, base first.
    func compile(_ image: ResolvedImage) throws -> [LayerObject] {
        let work = LayerWork(image: image, progress: progress)
        return try work.map(weight: { $0.weight }) { try compile($0, work) }
    }

    private func compile(_ job: LayerWork.Job, _ work: LayerWork) throws -> LayerObject {
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
                return unsafe try compile(job, work, to: path) { receive in
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
        return unsafe try compile(job, work, to: path) { receive in
            unsafe try origin.pull(layer, onBytes: receive)
        }
    }

    /// Compiles a layer while `read` hands on its bytes.
    private func compile(
        _ job: LayerWork.Job, _ work: LayerWork, to path: String,
        _ read: (_ receive: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws -> LayerObject {
        let (layer, diffID, compiler) = (job.layer.digest, job.diffID, compiler)
        let object = unsafe try work.transfer(job, read) { source in
            try compiler.compile(source, layer: layer, diffID: diffID, to: path)
        }
        progress(.layerCompiled(layer, entries: object.entries.count, bytes: object.tarSize))
        return object
    }
}
