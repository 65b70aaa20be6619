import ByteKit
import JSON
import Packager
import TestKit
import Testing

@Suite("Files of an image in a zip")
struct TreeZipTests {
    private static var image: RootView {
        RootView(
            entry: { _ in nil }, names: { _ in [] },
            read: { path, offset, count in
                let bytes = path == "noise" ? ZipWriterTests.noise : ZipWriterTests.text
                return Array(bytes.dropFirst(offset).prefix(count))
            })
    }

    private static let entries =
        [
            ZipEntry(path: "bootstrap", content: .bytes(ZipWriterTests.text), permissions: 0o755),
            ZipEntry(path: "root/text", content: .image(path: "text", size: ZipWriterTests.text.count)),
            ZipEntry(path: "root/noise", content: .image(path: "noise", size: ZipWriterTests.noise.count)),
            ZipEntry(path: "root/link", content: .link(Array("text".utf8)), permissions: 0o777),
            ZipEntry(path: "root/empty", content: .folder, permissions: 0o755),
        ]
        + (0..<600).map {
            ZipEntry(path: "root/many/\($0)", content: .image(path: "text", size: $0), permissions: 0o444)
        }

    @Test("are read back by Python, deflated where that helps", arguments: [1, 8])
    func python(jobs: Int) throws {
        try Folder.withTemporary { folder in
            let path = "\(folder)/a.zip"
            let summary = try Self.entries.write(
                toZip: path, time: .earliest, reading: Self.image, pool: try WorkerPool(width: jobs))
            let seen = try ZipWriterTests.seenByPython(path)
            #expect(
                seen.map { $0[0]?.string }.prefix(5) == [
                    "bootstrap", "root/text", "root/noise", "root/link", "root/empty/",
                ])
            #expect(seen.map { $0[2]?.integer }.prefix(5) == [8, 8, 0, 0, 0])
            #expect(seen[1][5]?.string == "\(Digest(of: ZipWriterTests.text))")
            #expect(seen[2][5]?.string == "\(Digest(of: ZipWriterTests.noise))")
            #expect(seen[5...].enumerated().allSatisfy { $0.element[4]?.integer == $0.offset })
            #expect(summary.unpackedSize == (try Self.entries.unpackedSize()))
        }
    }

    @Test("have the same bytes, however many threads there are")
    func deterministic() throws {
        try Folder.withTemporary { folder in
            let digests = try [1, 2, 8].map { jobs in
                try Self.entries.write(
                    toZip: "\(folder)/\(jobs).zip", time: .earliest, reading: Self.image,
                    pool: try WorkerPool(width: jobs)
                ).digest
            }
            #expect(Set(digests).count == 1)
        }
    }

    @Test("that turn out shorter than they were are an error")
    func short() throws {
        try Folder.withTemporary { folder in
            let entry = ZipEntry(path: "root/x", content: .image(path: "text", size: 1 << 20))
            let error = #expect(throws: PackagerError.self) {
                try [entry].write(
                    toZip: "\(folder)/a.zip", time: .earliest, reading: Self.image, pool: try WorkerPool(width: 1))
            }
            #expect(error?.code == .file)
        }
    }

    @Test("twice under one path, or below a file, are refused", arguments: ["root/x", "root/x/y"])
    func taken(path: String) throws {
        try Folder.withTemporary { folder in
            let entries = ["root/x", path].map { ZipEntry(path: $0, content: .image(path: "text", size: 1)) }
            let error = #expect(throws: PackagerError.self) {
                try entries.write(
                    toZip: "\(folder)/a.zip", time: .earliest, reading: Self.image, pool: try WorkerPool(width: 2))
            }
            #expect(error?.code == .duplicateEntry)
        }
    }
}
