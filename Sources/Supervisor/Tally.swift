#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// What an event took: the last line of its log, and its metrics.
struct Tally {
    /// When the event came.
    let begin = Clock.nanoseconds
    private var inputs = Moved()
    private var program: Int64 = 0
    private var outputs = Moved()
    /// Whether the work was not done, or not all of it, whatever form the answer has.
    var isFailure = false

    private struct Moved {
        var files = 0
        var bytes = 0
        var nanoseconds: Int64 = 0

        mutating func add(_ size: Int) {
            files += 1
            bytes &+= size
        }
    }

    mutating func stagedIn(_ size: Int, since begin: Int64) {
        inputs.add(size)
        inputs.nanoseconds += Clock.nanoseconds - begin
    }

    mutating func ran(since begin: Int64) { program += Clock.nanoseconds - begin }

    mutating func stagedOut(_ objects: [Answer.Object], since begin: Int64) {
        for object in objects { outputs.add(object.size) }
        outputs.nanoseconds += Clock.nanoseconds - begin
    }

    /// Says it all in one line.
    func log() {
        var line = [UInt8](isFailure ? "failed after " : "done in ")
        line.append(milliseconds: Clock.nanoseconds - begin)
        Self.append("; brought in ", inputs, to: &line)
        line.append("; ran for ")
        line.append(milliseconds: program)
        Self.append("; stored ", outputs, to: &line)
        Log.line(line)
    }

    private static func append(_ verb: StaticString, _ moved: Moved, to line: inout [UInt8]) {
        line.append(verb)
        line.append(decimal: moved.files)
        line.append(moved.files == 1 ? " file, " : " files, ")
        line.append(decimal: moved.bytes)
        line.append(" bytes in ")
        line.append(milliseconds: moved.nanoseconds)
    }

    /// CloudWatch's embedded metric format: a document with figures, and which of them are metrics. Amazon CloudWatch
    /// User Guide, "Specification: Embedded metric format".
    func metrics(_ function: [UInt8], milliseconds: Int64) -> [UInt8] {
        let figures: [(name: StaticString, unit: StaticString, value: Int)] = [
            ("Duration", "Milliseconds", Int((Clock.nanoseconds - begin) / 1_000_000)),
            ("StageInTime", "Milliseconds", Int(inputs.nanoseconds / 1_000_000)),
            ("StageInBytes", "Bytes", inputs.bytes), ("ProgramTime", "Milliseconds", Int(program / 1_000_000)),
            ("StageOutTime", "Milliseconds", Int(outputs.nanoseconds / 1_000_000)),
            ("StageOutBytes", "Bytes", outputs.bytes), ("Failures", "Count", isFailure ? 1 : 0),
        ]
        let metrics = figures.map { figure -> JSON in
            .object([("Name", .utf8([UInt8](figure.name))), ("Unit", .utf8([UInt8](figure.unit)))])
        }
        let directive = JSON.object([
            ("Namespace", .utf8([UInt8]("scar-build"))),
            ("Dimensions", .array([.array([.utf8([UInt8]("FunctionName"))])])), ("Metrics", .array(metrics)),
        ])
        var members: [(name: StaticString, json: JSON)] = [
            (
                "_aws",
                .object([("Timestamp", .integer(Int(milliseconds))), ("CloudWatchMetrics", .array([directive]))])
            ), ("FunctionName", .utf8(function.validUTF8)),
        ]
        for figure in figures { members.append((figure.name, .integer(figure.value))) }
        return JSON.object(members).text() + [0x0a]
    }
}

extension [UInt8] {
    /// A span of time in whole milliseconds.
    fileprivate mutating func append(milliseconds nanoseconds: Int64) {
        append(decimal: Int(nanoseconds / 1_000_000))
        append(" ms")
    }
}
