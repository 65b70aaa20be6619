/// What is fuzzed. Each takes any bytes and ends with an answer or a typed error of its module; anything else (a trap, an
/// error of another kind, a result that is not what the module promises) is a finding.
package enum FuzzTarget: String, CaseIterable, Sendable {
    /// A stack of layers as plain tar streams: compiled, opened again, linked, written as squashfs and read back.
    case layer
    /// A layer as a registry serves it, compressed in any way.
    case stream
    /// A layer object with its checksum made right: opened, read, linked and written.
    case object
    /// A squashfs image: walked, read and unpacked.
    case squashfs
    /// Texts from outside: JSON, images' documents, recipes, events, HTTP. The first byte says which.
    case documents
    /// An ELF file: read, and given another interpreter.
    case program
    /// What a relocated image says of itself: a program, the loader's configuration, an archive of locales. The first
    /// byte says which.
    case relocation
    /// What reports are made from: records of package managers, rules, zip archives, squashfs images, layers. The first byte
    /// says which.
    case report

    /// What became of an input.
    package enum Outcome: Sendable, Equatable {
        case accepted
        case refused
    }

    package func run(_ bytes: [UInt8], in bench: FuzzBench) throws -> Outcome {
        switch self {
        case .layer: try bench.layer(bytes)
        case .stream: try bench.stream(bytes)
        case .object: try bench.object(bytes)
        case .squashfs: try bench.squashfs(bytes)
        case .documents: try bench.document(bytes)
        case .program: try bench.program(bytes)
        case .relocation: try bench.relocation(bytes)
        case .report: try bench.report(bytes)
        }
    }
}

/// Something that must not be, found without a trap.
package struct Finding: Error, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }

    static func unless(_ condition: Bool, _ description: @autoclosure () -> String) throws {
        if !condition { throw Finding(description()) }
    }
}
