import ByteKit
import Glibc
import Packager

/// A root that exists only in a test: files, links and the folders they imply.
struct HandMadeRoot {
    enum Node {
        case file([UInt8])
        case link(String)
        case folder
    }

    private var nodes: [String: Node] = [:]

    init(_ nodes: [String: Node]) { self.nodes = nodes }

    subscript(path: String) -> Node? {
        get { nodes[path] }
        set { nodes[path] = newValue }
    }

    var view: RootView {
        RootView(
            entry: { path in
                switch nodes[path] {
                case .file(let bytes): return .file(size: bytes.count)
                case .link(let target): return .link(target)
                case .folder: return .folder
                case nil: return path.isEmpty || nodes.keys.contains { $0.hasPrefix(path + "/") } ? .folder : nil
                }
            },
            names: { folder in
                let prefix = folder.isEmpty ? "" : folder + "/"
                let names = nodes.keys.filter { $0.hasPrefix(prefix) }
                    .map { String($0.dropFirst(prefix.count).prefix { $0 != "/" }) }
                return Set(names).sorted()
            },
            read: { path, offset, count in
                guard case .file(let bytes)? = nodes[path], offset < bytes.count else { return [] }
                return [UInt8](bytes[offset..<min(bytes.count, offset + count)])
            })
    }
}

extension RootView {
    /// A folder of this machine as a root.
    static func folder(_ root: String) -> RootView {
        RootView(
            entry: { path in
                var status = stat()
                guard unsafe lstat("\(root)/\(path)", &status) == 0 else { return nil }
                switch status.st_mode & S_IFMT {
                case S_IFDIR: return .folder
                case S_IFREG: return .file(size: Int(status.st_size))
                case S_IFLNK:
                    var buffer = [UInt8](repeating: 0, count: 4096)
                    let count = unsafe buffer.withUnsafeMutableBufferPointer { buffer in
                        unsafe buffer.baseAddress.map { unsafe readlink("\(root)/\(path)", $0, 4096) } ?? 0
                    }
                    return .link(String(decoding: buffer[..<max(0, count)], as: UTF8.self))
                default: return .other
                }
            },
            names: { (try? Folder.names(in: "\(root)/\($0)")) ?? [] },
            read: { path, offset, count in
                let file = try InputFile("\(root)/\(path)")
                guard offset < file.size else { return [] }
                return try file.read(count: min(count, file.size - offset), at: offset)
            })
    }
}
