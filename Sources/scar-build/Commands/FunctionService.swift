internal import ArgumentParser
internal import ByteKit
internal import Glibc
internal import Recipe
internal import Toolchain

/// `run --serve`: the recipe's functions, built and waiting for calls.
struct FunctionService {
    private let command: RunCommand
    private let address: ServiceAddress

    init(_ command: RunCommand, at address: ServiceAddress) {
        self.command = command
        self.address = address
    }

    func run(_ file: RecipeFile) throws {
        let recipes = try command.function.map { [try file.function($0)] } ?? file.functions
        let reporter = TerminalReporter(isQuiet: command.source.quiet)
        let options = try command.form.options(command.source, command.caging)
        let cage = command.caging.cage(for: recipes, reporter)
        let variables = try command.variables()
        try RunFolder.with { folder in
            let buckets = try buckets(in: folder)
            let runs = try recipes.map { recipe in
                let place = "\(folder)/\(recipe.name)"
                try Folder.create("\(place)/run")
                let package = try Builder(options, progress: reporter.handler).stage(
                    recipe, of: file, in: place, cage: cage)
                var run = LocalRun(recipe, package: package, in: "\(place)/run", cage: cage)
                run.variables = variables
                run.buckets = buckets
                return run
            }
            let service = try LocalService(
                runs, concurrency: command.concurrency ?? WorkerPool.processors, host: address.host, port: address.port
            ) { reporter.handler(.warning(Diagnostic.printable($0))) }
            try tell(service.url, recipes)
            try service.serve()
        }
    }

    /// The buckets' folder, as an absolute path: cages bind it.
    private func buckets(in folder: String) throws -> String {
        guard let wanted = command.buckets else { return "\(folder)/buckets" }
        try Folder.create(wanted)
        guard let path = unsafe realpath(wanted, nil) else { throw FileError("open", wanted) }
        defer { unsafe free(path) }
        return unsafe String(cString: path)
    }

    /// The address is the result: scripts read it. How to call is for people.
    private func tell(_ url: String, _ recipes: [Recipe]) throws {
        try StandardOutput.write(Array("\(url)\n".utf8))
        guard !command.source.quiet else { return }
        if !address.isLoopback {
            StandardError.write("warning: whoever reaches \(url) can run these functions\n")
        }
        for recipe in recipes {
            StandardError.write(
                "serving \(recipe.name): aws lambda invoke --endpoint-url \(url) --function-name \(recipe.name) /dev/stdout\n"
            )
        }
    }
}

/// `PORT` or `HOST:PORT`, with an IPv4 address or `localhost` as host.
struct ServiceAddress: ExpressibleByArgument {
    let host: String
    let port: UInt16

    var isLoopback: Bool { host.hasPrefix("127.") }

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        guard let last = parts.last, let port = UInt16(last), parts.count <= 2 else { return nil }
        let name = parts.count == 2 ? String(parts[0]) : "127.0.0.1"
        let host = name == "localhost" ? "127.0.0.1" : name
        var address = in_addr()
        guard unsafe inet_pton(AF_INET, host, &address) == 1 else { return nil }
        self.host = host
        self.port = port
    }
}
