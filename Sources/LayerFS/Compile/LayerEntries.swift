package import ByteKit

/// The entries of one layer, as a tree takes them: compiled, or only listed.
package protocol LayerEntries {
    /// The digest of the layer, for messages.
    var layer: Digest { get }
    /// In tar order.
    var entries: [LayerObject.Entry] { get }
    var xattrSets: [[TarEntry.Xattr]] { get }

    func path(of entry: LayerObject.Entry) -> ArraySlice<UInt8>
    func target(of entry: LayerObject.Entry) -> ArraySlice<UInt8>
}

extension LayerObject: LayerEntries {}
