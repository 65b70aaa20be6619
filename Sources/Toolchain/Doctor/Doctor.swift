internal import AWS
internal import ByteKit
internal import ImageModel
package import Registry
internal import Transport

/// Looks at what this machine has of what scar-build needs. It changes nothing, and asks no server unless it is told to.
package struct Doctor {
    private let cache: String
    private let registry: RegistryConfiguration

    /// - Parameters:
    ///   - cache: the folder that builds would use.
    ///   - registry: what they would know about registries.
    package init(cache: String, registry: RegistryConfiguration) {
        self.cache = cache
        self.registry = registry
    }

    /// - Parameter registries: those to ask whether they answer.
    package func examine(registries: [String] = []) -> [Checkup] {
        [version] + supervisors + pathLibraries + [
            cage, Machine.memory, Machine.folder(cache, "cache", hint: "--cache or SCAR_BUILD_CACHE"),
            Machine.folder(Environment["TMPDIR"] ?? "/tmp", "temporary files", hint: "TMPDIR"), Machine.certificates,
            Machine.locale, logins, credentials,
        ] + registries.map(reach)
    }

    private var version: Checkup {
        Checkup(
            "scar-build", .present,
            "\(ToolVersion.version), layout version \(ToolVersion.layout), for \(Machine.platform), "
                + "\(WorkerPool.processors) processors")
    }

    // MARK: What goes into packages

    private var supervisors: [Checkup] {
        platforms.map { platform in
            part("supervisor \(platform.architecture)", of: platform) { try SupervisorBinary.path(for: platform) }
        }
    }

    private var pathLibraries: [Checkup] {
        platforms.map { platform in
            part("path library \(platform.architecture)", of: platform) { try PathLibraryFile.path(for: platform) }
        }
    }

    private var platforms: [Platform] {
        ["amd64", "arm64"].map { Platform(os: "linux", architecture: $0) }
    }

    /// What is missing for the other processor keeps nobody from building for this one.
    private func part(_ subject: String, of platform: Platform, _ path: () throws -> String) -> Checkup {
        do {
            return Checkup(subject, .present, try path())
        } catch {
            let diagnostic = (error as? any DiagnosableError)?.diagnostic
            return Checkup(
                subject, platform.machine == Platform.ownMachine ? .missing : .limited,
                diagnostic?.message ?? "\(error)", advice: diagnostic?.hint)
        }
    }

    // MARK: What runs functions here

    private var cage: Checkup {
        let (cage, lack) = Cage.find()
        if case .bubblewrap(let path) = cage { return Checkup("cage", .present, path) }
        let lock = Machine.namespaceLock
        return Checkup(
            "cage", .limited, "\(lack ?? "there is none"); run and test work, and the function runs as you",
            advice: lock.map { "user namespaces are off here: \($0)" } ?? "apt-get install bubblewrap")
    }

    // MARK: Who we are to others

    private var logins: Checkup {
        let files = registry.credentialFiles.filter { Machine.isReadable($0) }
        return Checkup(
            "registry logins", .present, files.isEmpty ? "none; public images need none" : files.joined(separator: ", ")
        )
    }

    /// Where credentials would come from; they themselves are looked at by nobody here.
    private var credentials: Checkup {
        do throws(AWSError) {
            let configuration = try Configuration()
            guard let source = configuration.credentialSource else {
                return Checkup(
                    "AWS credentials", .limited,
                    "none in variables and files; publishing needs them, building does not",
                    advice: "run ‘aws configure’ or ‘aws sso login’, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
                )
            }
            return Checkup("AWS credentials", .present, "from \(source)")
        } catch {
            return Checkup("AWS credentials", .limited, error.diagnostic.message, advice: error.diagnostic.hint)
        }
    }

    private func reach(_ name: String) -> Checkup {
        var configuration = registry
        configuration.retry.attempts = 1
        do throws(RegistryError) {
            let server = try RegistryClient(configuration: configuration).answeringServer(of: name)
            return Checkup(name, .present, "\(server) answers")
        } catch {
            let diagnostic = error.diagnostic
            return Checkup(name, .missing, diagnostic.message, advice: diagnostic.hint)
        }
    }
}
