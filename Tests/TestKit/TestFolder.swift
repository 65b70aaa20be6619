package import ByteKit
internal import Glibc

/// A folder of a test's own, removed with the value.
package struct TestFolder: ~Copyable {
    package let path: String

    package init() throws(FileError) {
        var template = Array("/tmp/scar-build-test.XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw FileError("create", "/tmp") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// One that is made where nothing may be thrown: as a property's first value.
    package static func made() -> TestFolder {
        guard let folder = try? TestFolder() else { preconditionFailure("no temporary folder") }
        return folder
    }

    deinit { Folder.remove(path) }
}
