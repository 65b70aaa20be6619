internal import ByteKit
internal import JSON
internal import LayerFS
internal import Report

extension FuzzBench {
    /// The first byte says what the rest is taken for.
    func report(_ bytes: [UInt8]) throws -> FuzzTarget.Outcome {
        guard let kind = bytes.first else { return .refused }
        let rest = Array(bytes.dropFirst())
        do {
            switch kind {
            case UInt8(ascii: "a"): return ApkRecords.packages(rest).isEmpty ? .refused : .accepted
            case UInt8(ascii: "d"): return DpkgRecords.packages(rest).isEmpty ? .refused : .accepted
            case UInt8(ascii: "s"): return try packages(rest, .sqlite)
            case UInt8(ascii: "n"): return try packages(rest, .ndb)
            case UInt8(ascii: "b"): return try packages(rest, .berkeley)
            case UInt8(ascii: "g"): _ = try Gate(parsing: [String(decoding: rest, as: UTF8.self)])
            case UInt8(ascii: "v"): _ = try DiveRules.parse(rest, path: "rules")
            case UInt8(ascii: "l"):
                let files = DpkgRecords.files(rest) + DpkgRecords.files(rest, hasSums: true)
                return files.isEmpty ? .refused : .accepted
            case UInt8(ascii: "z"): try checkReports(try ZipSurvey.survey(try put(rest, "zip")))
            case UInt8(ascii: "q"):
                var limits = SquashSurvey.Limits()
                (limits.data, limits.names) = (64 << 20, 16 << 20)
                try checkReports(try SquashSurvey.survey(try put(rest, "squash"), limits: limits))
            default: try checkReports(try survey(rest))
            }
            return .accepted
        } catch is LayerError {
            return .refused
        } catch is ReportError {
            return .refused
        } catch is FileError {
            return .refused
        }
    }

    private func packages(_ bytes: [UInt8], _ format: RPMDatabase.Format) throws -> FuzzTarget.Outcome {
        let packages = try RPMDatabase.packages(bytes, format)
        let size = packages.reduce(0) { $0 + $1.files.reduce(0) { $0 + $1.count } }
        try Finding.unless(size <= 2 * bytes.count, "a few bytes became many paths")
        return packages.isEmpty ? .refused : .accepted
    }

    private func survey(_ bytes: [UInt8]) throws -> Survey {
        let layers = try Self.layers(in: TarRepair.repaired(bytes)).map { layer in
            let source = LayerSource()
            _ = unsafe layer.withUnsafeBytes { unsafe source.send($0) }
            source.finish()
            var observer = LayerObserver()
            let listing = try LayerLister(sizeLimit: Self.layerLimit)
                .list(source, layer: Digest(of: layer), &observer)
            return Survey.Layer(listing, observer, mediaType: "tar", size: layer.count)
        }
        return Survey(name: "fuzz", kind: .image, digest: nil, size: bytes.count, layers: layers)
    }

    /// What every report must hold to: sums that agree, lines that are lines, documents that are read as what they are.
    private func checkReports(_ survey: Survey) throws {
        var survey = survey
        survey.prunings = [Survey.Pruning("safe", PruneRule.safe)]
        let inspection = try Inspection(survey)
        let hidden = inspection.wasted - inspection.wasted(.duplicated)
        try Finding.unless(
            inspection.totals.carried == inspection.totals.unpacked + hidden, "bytes are neither seen nor hidden")
        try Finding.unless(
            inspection.layers.reduce(0) { $0 + $1.shown } == inspection.totals.unpacked, "layers do not add up")
        try Finding.unless((0...1).contains(inspection.dive.efficiency), "the efficiency is no part of a whole")
        let text = InspectionText(inspection, width: 80).text()
        try Finding.unless(!text.utf8.contains { $0 < 0x20 && $0 != 0x0a || $0 == 0x7f }, "a name reaches the terminal")
        let limits = JSONLimits(bytes: 64 << 20, values: 4_000_000)
        let json = inspection.json
        try Finding.unless((try? JSON.parse(json.text(), limits: limits)) == json, "the JSON is read as something else")
        try Finding.unless(Comparison(inspection, inspection).isEmpty, "a thing is different from itself")
        _ = InspectionPage(inspection, version: "0").html()
        let bill = Bill(inspection, name: "fuzz", digest: nil)
        for format in BillFormat.allCases {
            let json = try bill.json(format, options: Bill.Options(tool: "t", version: "0", created: ""))
            try Finding.unless(
                (try? JSON.parse(json.text(), limits: limits)) == json, "a bill is read as something else")
        }
    }
}
