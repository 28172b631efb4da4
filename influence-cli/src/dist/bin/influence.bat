@echo off
rem Starts influence with the Java of JAVA_HOME, or else with that of PATH. INFLUENCE_OPTS holds options for Java, such as -Xmx8g.
setlocal
set "JAVA=java"
if defined JAVA_HOME set "JAVA=%JAVA_HOME%\bin\java.exe"
where /q "%JAVA%" || if not exist "%JAVA%" (
    echo influence: there is no "%JAVA%"; install Java 17 or later, or have JAVA_HOME name its folder 1>&2
    exit /b 4
)
"%JAVA%" --enable-native-access=ALL-UNNAMED %INFLUENCE_OPTS% -cp "%~dp0..\lib\*" io.github.influence4j.cli.InfluenceCommand %*
exit /b %ERRORLEVEL%
