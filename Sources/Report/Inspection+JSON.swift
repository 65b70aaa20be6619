internal import ByteKit
package import JSON
internal import ImageModel
internal import LayerFS

/// `inspect --json`. docs/inspect.md describes every member; names stay, new ones may come.
extension Inspection {
    /// How many of each kind a document lists: what weighs less is in the sums.
    private static let listed = 500

    package var json: JSON {
        var members: [(name: StaticString, json: JSON)] = [
            ("schema", .integer(1)),
            (
                "subject",
                .object([
                    ("name", .string(SafeText.line(survey.name))), ("kind", .string(survey.kind.rawValue)),
                    ("digest", survey.digest.map { .string($0.description) } ?? .null),
                    ("platform", survey.platform.map { .string(SafeText.line($0)) } ?? .null),
                ])
            ),
            ("sizes", sizes), ("efficiency", .ratio(dive.efficiency)),
            (
                "dive",
                .object([
                    ("efficiency", .ratio(dive.efficiency)), ("wastedBytes", .integer(dive.wastedBytes)),
                    ("userBytes", .integer(dive.userBytes)), ("userWastedPercent", .ratio(dive.userWasted)),
                ])
            ),
            ("wasted", wastedJSON), ("layers", .array(layers.indices.map(layerJSON))),
            ("packages", packagesJSON), ("folders", foldersJSON),
            (
                "files",
                .array(
                    largestFiles(Self.listed).map { file in
                        JSON.object([
                            ("path", place(of: file.node)), ("bytes", .integer(file.bytes)),
                            ("layer", .integer(file.layer + 1)), ("package", ownerName(of: file.node)),
                        ])
                    })
            ),
            ("findings", .array(findings.map(Self.json))), ("savings", .array(savings.map(Self.json))),
        ]
        members.append(("removed", survey.removals?.json ?? .null))
        members.append(("config", configJSON))
        members.append(("notes", .array(notes.map { .string($0) })))
        return .object(members)
    }

    private var sizes: JSON {
        .object([
            ("stored", .integer(totals.size)), ("archives", .integer(totals.archives)),
            ("carried", .integer(totals.carried)), ("unpacked", .integer(totals.unpacked)),
            ("files", .integer(totals.files)), ("folders", .integer(totals.folders)),
            ("symlinks", .integer(totals.symlinks)), ("others", .integer(totals.others)),
        ])
    }

    private var wastedJSON: JSON {
        var members: [(name: StaticString, json: JSON)] = [("bytes", .integer(wasted))]
        let names: [(StaticString, Waste.Cause)] = [
            ("overwritten", .overwritten), ("removed", .removed), ("repeated", .repeated), ("duplicated", .duplicated),
        ]
        for (name, cause) in names { members.append((name, .integer(wasted(cause)))) }
        members.append(
            (
                "places",
                .array(
                    WasteGroup.groups(waste).prefix(Self.listed).map { group in
                        .object([
                            ("path", .string(SafeText.path(group.path))), ("bytes", .integer(group.bytes)),
                            ("files", .integer(group.files)), ("cause", .string(group.cause.rawValue)),
                            ("layer", .integer(group.layer + 1)), ("causedBy", .integer(group.causedBy + 1)),
                        ])
                    })
            ))
        members.append(
            (
                "files",
                .array(
                    waste.prefix(Self.listed).map { item in
                        .object([
                            ("path", .string(SafeText.path(item.path))), ("bytes", .integer(item.bytes)),
                            ("cause", .string(item.cause.rawValue)), ("layer", .integer(item.layer + 1)),
                            ("causedBy", .integer(item.causedBy + 1)),
                            ("sameAs", item.twin.isEmpty ? .null : .string(SafeText.path(item.twin))),
                        ])
                    })
            ))
        return .object(members)
    }

    private func layerJSON(_ index: Int) -> JSON {
        let layer = survey.layers[index]
        let figures = layers[index]
        return .object([
            ("layer", .integer(index + 1)), ("digest", .string(layer.listing.layer.description)),
            ("mediaType", .string(SafeText.line(layer.mediaType))), ("instruction", .string(instruction(of: index))),
            ("stored", .integer(layer.size)), ("archive", .integer(layer.listing.tarSize)),
            ("entries", .integer(figures.entries)), ("carried", .integer(figures.carried)),
            ("shown", .integer(figures.shown)), ("hidden", .integer(figures.hidden)),
            ("hides", .integer(figures.hides)),
        ])
    }

    private var packagesJSON: JSON {
        .object([
            ("count", .integer(packages.packages.count)), ("unowned", .integer(packages.unowned)),
            (
                "list",
                .array(
                    packages.packages.map { package in
                        .object([
                            ("name", .string(package.name)), ("version", .string(package.version)),
                            ("architecture", .string(package.architecture)), ("manager", .string(package.manager)),
                            ("bytes", .integer(package.bytes)), ("files", .integer(package.files)),
                        ])
                    })
            ),
        ])
    }

    private var foldersJSON: JSON {
        let folders = order.preorder.filter { tree.isDirectory($0) && bytes[Int($0)] > 0 }
            .sorted { bytes[Int($0)] > bytes[Int($1)] }
        return .array(
            folders.prefix(Self.listed).map {
                JSON.object([("path", place(of: $0)), ("bytes", .integer(bytes[Int($0)]))])
            })
    }

    private var configJSON: JSON {
        guard let config = survey.config else { return .null }
        let members: [(name: StaticString, json: JSON)] = [
            ("environment", Self.list(config.environment.map(Redaction.variable))),
            ("entrypoint", Self.list(config.entrypoint.map(Redaction.command))),
            ("command", Self.list(config.command.map(Redaction.command))),
            ("workingDirectory", .string(SafeText.line(config.workingDirectory))),
            ("user", .string(SafeText.line(config.user))),
        ]
        return .object(members)
    }

    private static func list(_ words: [String]) -> JSON { .array(words.map { .string(SafeText.line($0)) }) }

    private func place(of node: Int32) -> JSON { .string(SafeText.path(tree.path(of: node))) }

    private func ownerName(of node: Int32) -> JSON {
        let owner = packages.owner[Int(node)]
        return owner < 0 ? .null : .string(packages.packages[Int(owner)].name)
    }

    private static func json(_ finding: Finding) -> JSON {
        .object([
            ("kind", .string(finding.kind)), ("title", .string(finding.title)), ("place", .string(finding.place)),
            ("layer", finding.layer.map { .integer($0 + 1) } ?? .null), ("shown", .bool(finding.isShown)),
            ("secret", .bool(finding.isSecret)),
        ])
    }

    private static func json(_ saving: Saving) -> JSON {
        .object([
            ("profile", .string(SafeText.line(saving.name))), ("bytes", .integer(saving.bytes)),
            ("files", .integer(saving.files)),
            (
                "rules",
                .array(
                    saving.rules.map { rule in
                        .object([
                            ("rule", .string(rule.name)), ("reason", .string(rule.reason)),
                            ("bytes", .integer(rule.bytes)), ("files", .integer(rule.files)),
                            (
                                "places",
                                .array(
                                    rule.places.map {
                                        .object([
                                            ("path", .string(SafeText.path($0.path))), ("bytes", .integer($0.bytes)),
                                        ])
                                    })
                            ),
                            (
                                "layers",
                                .array(
                                    rule.layers.indices.filter { rule.layers[$0] > 0 }.map {
                                        .object([
                                            ("layer", .integer($0 + 1)), ("bytes", .integer(rule.layers[$0])),
                                        ])
                                    })
                            ),
                        ])
                    })
            ),
        ])
    }
}

extension JSON {
    /// A part of a whole, with six digits behind the point; null for what is none.
    static func ratio(_ value: Double) -> JSON {
        Ratio.decimal(value).map { JSON(.number(Array($0.utf8))) } ?? .null
    }
}
