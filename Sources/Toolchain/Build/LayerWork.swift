internal import ByteKit
internal import ImageModel
internal import LayerFS

/// Brings the layers of an image to whoever makes something of them, several at once.
struct LayerWork: Sendable {
    let image: ResolvedImage
    let progress: ProgressHandler

    /// How many layers are on their way at once. More helps nobody: the processors are shared.
    private static let parallelLayers = 3

    struct Job: Sendable {
        let layer: Descriptor
        /// What the layer must unpack to; nil when nobody has said.
        let diffID: Digest?
        /// Whether another layer has failed, which ends this one too.
        let isInVain: @Sendable () -> Bool
    }

    private struct Outcome<Value> {
        var values: [Digest: Value] = [:]
        /// Of all values together.
        var weight = 0
        var failure: (any Error)?
    }

    /// More than the largest images need, for all their layers.
    private static let mostWeight = 2 << 30

    /// What `body` makes of each layer, base first. An image may have one layer twice; it is done once.
    ///
    /// - Parameter weight: bytes of memory that a value takes. A layer's are bounded, and an image may have thousands.
    func map<Value: Sendable>(
        weight: @escaping @Sendable (Value) -> Int, _ body: @escaping @Sendable (Job) throws -> Value
    ) throws -> [Value] {
        let layers = image.manifest.layers
        let outcome = Monitor(Outcome<Value>())
        let isInVain: @Sendable () -> Bool = { outcome.withLock { $0.failure != nil } }
        var jobs: [Digest: Job] = [:]
        for (layer, diffID) in zip(layers, image.diffIDs) where jobs[layer.digest] == nil {
            jobs[layer.digest] = Job(layer: layer, diffID: diffID, isInVain: isInVain)
        }
        let queue = Monitor(layers.compactMap { jobs.removeValue(forKey: $0.digest) }.reversed() as [Job])
        let threads = try (0..<min(Self.parallelLayers, layers.count)).map { _ in
            try Thread {
                while let job = queue.withLock({ $0.popLast() }) {
                    guard !isInVain() else { return }
                    do {
                        let value = try body(job)
                        let weight = weight(value)
                        outcome.withLock {
                            $0.values[job.layer.digest] = value
                            $0.weight += weight
                            if $0.weight > Self.mostWeight { $0.failure = $0.failure ?? Self.tooHeavy }
                        }
                    } catch {
                        outcome.withLock { $0.failure = $0.failure ?? error }
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        let (values, failure) = outcome.withLock { ($0.values, $0.failure) }
        if let failure { throw failure }
        return layers.compactMap { values[$0.digest] }
    }

    private static var tooHeavy: LayerError {
        LayerError(
            .tooLarge,
            "what the image's layers say of their files takes more than \(ByteCount.text(mostWeight)): names, attributes, records of packages"
        )
    }

    /// Makes something of a layer, on a thread of its own, while `read` hands on its bytes.
    func transfer<Value: Sendable>(
        _ job: Job, _ read: (_ receive: (UnsafeRawBufferPointer) throws -> Void) throws -> Void,
        make: @escaping @Sendable (LayerSource) throws -> Value
    ) throws -> Value {
        let layer = job.layer
        let source = LayerSource()
        let result = Monitor<Result<Value, any Error>?>(nil)
        let making = try Thread {
            let made = Result { try make(source) }
            result.withLock { $0 = made }
        }
        var readFailure: (any Error)?
        do {
            var count = 0
            var told = 0
            unsafe try read { bytes in
                guard unsafe source.send(bytes) else { throw MakerGaveUp() }
                count += bytes.count
                guard count - told >= 1 << 20 || count == layer.size else { return }
                told = count
                if job.isInVain() { throw MakerGaveUp() }
                progress(.layerRead(layer.digest, bytes: count, of: layer.size))
            }
            source.finish()
        } catch {
            readFailure = error
            source.fail()
        }
        making.join()
        // When the maker gave up, the reader only followed it; otherwise the reader says what went wrong.
        if let readFailure, !(readFailure is MakerGaveUp) { throw readFailure }
        guard let value = try result.withLock({ $0 })?.get() else { throw Cancelled() }
        return value
    }

    /// Thrown through the reading to end it.
    private struct MakerGaveUp: Error {}
}
