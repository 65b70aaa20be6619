internal import ELF

extension ELFFile {
    /// Reads a file of an image.
    init(_ path: String, in root: RootView) throws(PackagerError) {
        do {
            try self.init { offset, count in try root.bytes(path, at: offset, count: count) }
        } catch let error as ELFError {
            throw PackagerError(.malformedELF, "/\(path) \(error.reason)")
        } catch {
            throw (error as? PackagerError) ?? PackagerError(.file, "cannot read /\(path) of the image")
        }
    }
}
