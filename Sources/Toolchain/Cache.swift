internal import ByteKit
internal import LayerFS
internal import Registry

/// Where things are kept between builds: blobs as registries serve them, and compiled layers.
///
/// Everything in it can be made again, and everything read from it is checked: it may be shared by any number of
/// builds, and removed at any time.
struct Cache {
    let root: String
    let blobs: BlobStore
    private let objects: String

    init(_ root: String) throws {
        self.root = root
        blobs = try BlobStore(root)
        objects = root + "/objects/v3"
        try Folder.create(objects)
    }

    /// Where the object of a layer stands, or would.
    func objectPath(_ layer: Digest, _ settings: BlockSettings) -> String {
        "\(objects)/\(layer.hex)-\(settings.name).layer"
    }
}
