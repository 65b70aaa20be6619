internal import ArgumentParser
internal import ByteKit
internal import Glibc
internal import Toolchain

/// The command line: `scar-build RECIPE` and its sister commands.
struct ScarBuild: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scar-build",
        abstract: "A compiler from container images to serverless functions.",
        discussion: """
            An image is source code: its layers are fetched, compiled once, linked into one artifact, and packaged \
            with a supervisor as an AWS Lambda function. No Docker daemon and no root are needed.

            ‘scar-build RECIPE’ is the same as ‘scar-build build RECIPE’.
            """,
        version: "\(ToolVersion.name) \(ToolVersion.version)",
        subcommands: [
            InitCommand.self, BuildCommand.self, LockCommand.self, PlanCommand.self, InspectCommand.self,
            DiffCommand.self, SBOMCommand.self, VerifyCommand.self, SignCommand.self,
            PushCommand.self, RunCommand.self, TestCommand.self, UnpackCommand.self, CacheCommand.self,
            PublishCommand.self, ListCommand.self, RemoveCommand.self, RollbackCommand.self, InvokeCommand.self,
            LogsCommand.self, PutCommand.self, GetCommand.self, SubmitCommand.self, DoctorCommand.self,
            ExplainCommand.self,
        ],
        defaultSubcommand: BuildCommand.self)
}

@main
enum Main {
    static func main() {
        Signals.install()
        do {
            var command = try ScarBuild.parseAsRoot()
            try command.run()
        } catch let error as any DiagnosableError {
            StandardError.write("\(error.diagnostic)\n")
            exit(exitCode(of: error))
        } catch {
            end(with: error)
        }
    }

    private static func exitCode(of error: any DiagnosableError) -> Int32 {
        switch error {
        case is Cancelled: 130
        case let error as ToolError: error.exitCode.rawValue
        // A stage that was interrupted reports what it could no longer do; the person knows why.
        default: Cancellation.isRequested ? 130 : ToolError.ExitCode.failed.rawValue
        }
    }

    /// Help and version go to stdout and are no failure; a wrong command line is failure 2.
    private static func end(with error: any Error) -> Never {
        let message = ScarBuild.fullMessage(for: error)
        guard ScarBuild.exitCode(for: error).isSuccess else {
            StandardError.write(message + "\n")
            exit(ToolError.ExitCode.usage.rawValue)
        }
        do {
            try StandardOutput.line(message)
            exit(0)
        } catch {
            StandardError.write("\(error.diagnostic)\n")
            exit(ToolError.ExitCode.failed.rawValue)
        }
    }
}
