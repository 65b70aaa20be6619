internal import ArgumentParser
internal import ByteKit
internal import Glibc
internal import JSON
internal import Recipe
internal import Toolchain

struct CacheCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache", abstract: "Look into the cache, or clean it up.",
        subcommands: [CacheListCommand.self, CacheCleanCommand.self])
}
