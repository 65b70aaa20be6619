extension Launcher {
    static let ffmpeg = Launcher(
        name: "ffmpeg", programs: ["ffmpeg"], companions: ["ffprobe", "ffplay"],
        keep: ["usr/share/ffmpeg/**", "usr/local/share/ffmpeg/**", "etc/fonts/**", "usr/share/fonts/**"])
}
