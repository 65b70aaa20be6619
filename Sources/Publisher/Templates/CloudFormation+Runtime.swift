internal import ByteKit
internal import JSON

/// Customer-managed runtimes within a template: who shares one shares what is written of it.
struct TemplateRuntimes {
    struct Runtime {
        /// What the recipe calls it.
        var base: String
        var label: String
        /// The label of the parameter with its name.
        var name: String
    }

    /// By what recipes call them.
    var runtimes: [String: Runtime] = [:]
    /// The labels of versions, by runtime and image.
    var versions: [String: String] = [:]
    /// The label of what is put behind the names of versions.
    var suffix: String?

    static let nameText =
        "What the runtime is called. Lambda keeps the name of one that was deleted for 30 days: it needs another one then."
    static let suffixText =
        "What is put behind the names of runtimes' versions. Lambda keeps the name of one that was deleted for 30 days: to go "
        + "back to an image, give it another value, such as .2."
}

extension CloudFormation {
    /// The runtime that a function runs in, with a version for the image and an alias of the function's own. CloudFormation
    /// Template Reference, "AWS::Lambda::Runtime" and what follows it.
    ///
    /// The alias keeps its name and moves to another version, as a stack goes back by its earlier template: CloudFormation
    /// makes the new version first, and removes the old one last.
    ///
    /// - Returns: what the function says of it, and what must be there before.
    mutating func addRuntime(
        _ deployment: Deployment, _ title: String
    ) -> (properties: [(name: StaticString, json: JSON)], after: [String]) {
        guard let wanted = deployment.runtime else { return ([], []) }
        let runtime = runtime(RuntimePart.name(wanted, of: deployment.name), deployment)
        let version = version(wanted.image, of: runtime, deployment, title)
        let name = ManagedRuntime.aliasName(deployment.name, "current")
        let alias = labels.joined(title, "RuntimeAlias")
        resource(
            alias, "AWS::Lambda::RuntimeAlias", after: [version.label],
            [
                ("RuntimeName", Self.reference(runtime.name)), ("Name", .string(name)),
                ("RuntimeVersion", .string(version.name)),
            ])
        let configuration: [(name: StaticString, json: JSON)] = [
            ("RuntimeArn", .string(names.runtimeARN(Placeholder.text(runtime.name)))), ("RuntimeAlias", .string(name)),
        ]
        return ([("RuntimeConfig", .object(configuration))], [alias])
    }

    private mutating func runtime(_ base: String, _ deployment: Deployment) -> TemplateRuntimes.Runtime {
        if let there = managed.runtimes[base] { return there }
        let made = TemplateRuntimes.Runtime(
            base: base, label: labels.joined(base, "Runtime"), name: labels.joined(base, "RuntimeName"))
        parameter(made.name, TemplateRuntimes.nameText, initial: base)
        resource(
            made.label, "AWS::Lambda::Runtime",
            [
                ("Name", Self.reference(made.name)), ("Description", .string("What functions of this stack run in")),
                ("Tags", Self.tags(deployment.tags)),
            ])
        managed.runtimes[base] = made
        return made
    }

    /// A version never changes, so that of another image has another label.
    private mutating func version(
        _ image: Deployment.Image, of runtime: TemplateRuntimes.Runtime, _ deployment: Deployment, _ title: String
    ) -> (label: String, name: String) {
        if managed.suffix == nil {
            let label = labels.joined("RuntimeVersionSuffix")
            parameter(label, TemplateRuntimes.suffixText, initial: "")
            managed.suffix = label
        }
        let name = ManagedRuntime.versionNames(image.digest).base + Placeholder.text(managed.suffix ?? "")
        let key = "\(runtime.label) \(image.digest)"
        if let there = managed.versions[key] { return (there, name) }
        let repository = labels.joined(title, "RuntimeRepository")
        parameter(
            repository, ImageNote.repository(image, of: deployment.name),
            initial: Session.runtimeRepositoryName(runtime.base))
        let label = labels.joined(runtime.label, "Version", String(image.digest.hex.prefix(12)))
        resource(
            label, "AWS::Lambda::RuntimeVersion", after: [runtime.label],
            [
                ("RuntimeName", Self.reference(runtime.name)), ("Name", .string(name)),
                (
                    "ImageUri",
                    .string("\(names.repositoryURI(named: Placeholder.text(repository)))@\(image.digest)")
                ),
            ])
        managed.versions[key] = label
        return (label, name)
    }
}
