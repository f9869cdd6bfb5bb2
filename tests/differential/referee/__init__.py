"""The referee: runs programs with real SDKs against a local model server and holds guard's report against them.

`record` runs a program in the environment of its SDK family (`envs`) and writes what was sent; `measures` compares
guard's report of the program's folder with it. `child` and `recorder` run inside the family's environment and use
nothing but the standard library.
"""
