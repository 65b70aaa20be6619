internal import Recipe
internal import Packager

/// How a function's image gets to where the function runs. docs/package.md compares them.
package enum PackageForm: String, Sendable {
    /// A zip with the image's files in it: nothing has to be unpacked at start.
    case tree
    /// A zip with a squashfs image in it, which the supervisor unpacks at start.
    case squashfs
    /// A layer with the image's files, and a zip with the rest.
    case layer
    /// A container image.
    case image
    /// A customer-managed runtime, which is a container image with the image's files, and a zip with the rest.
    case runtime

    /// What people call it.
    var title: String {
        switch self {
        case .tree: "zip with the files"
        case .squashfs: "zip with a squashfs image"
        case .layer: "layer with the files"
        case .image: "container image"
        case .runtime: "customer-managed runtime"
        }
    }

    /// What recipes and command lines call it.
    var target: Recipe.Target {
        switch self {
        case .tree, .squashfs: .zip
        case .layer: .layer
        case .image: .image
        case .runtime: .runtime
        }
    }

    /// The folder that the tree will lie in, in the function; nil when it is the root. docs/relocation.md.
    var prefix: String? {
        switch self {
        case .tree: "\(FunctionPackage.taskFolder)/\(FunctionPackage.treeFolder)"
        case .squashfs: FunctionPackage.unpackedRoot
        case .layer: "\(FunctionPackage.layersFolder)/\(FunctionPackage.layerTreeFolder)"
        case .image, .runtime: nil
        }
    }

    /// Whether the image's files are the root of what the function runs in.
    var isRoot: Bool { prefix == nil }

    /// Whether the files are read by a user that they do not belong to.
    var isReadByOthers: Bool { self != .squashfs }
}
